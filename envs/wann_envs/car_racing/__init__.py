"""CarRacing-v3 without Box2D: the same tracks, the same physics, the same bits."""
