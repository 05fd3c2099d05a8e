"""Cart-pole swing-up: its rules (dynamics), its Gymnasium shell (env) and its drawing (render)."""
