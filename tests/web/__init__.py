"""What pages are and do in a real browser. A package, so that its tests share one browser, which ends with them."""
