"""What may cross between grader and worker: frames of bytes, and the records inside them.

The only package of ours that both sides import. It knows nothing of courses, checks or verdicts.
"""
