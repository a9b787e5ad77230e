"""The walls, and the line through them: zygote, lockdown, channel, limits; and a stand-in for tests."""
