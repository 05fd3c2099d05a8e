"""Ask and tell, ranking, selection, champion."""
