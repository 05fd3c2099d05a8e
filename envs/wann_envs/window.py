"""A window for the environments' frames; needs pygame."""

from __future__ import annotations

import pygame


class Window:
    """A window on the screen that shows frames at a steady rate.

    Args:
        title: of the window.
        size: width and height in pixels.
        frames_per_second: the rate.
    """

    def __init__(self, title: str, size: tuple[int, int], frames_per_second: int) -> None:
        pygame.display.init()
        self._screen = pygame.display.set_mode(size)
        pygame.display.set_caption(title)
        self._clock = pygame.time.Clock()
        self._frames_per_second = frames_per_second
        self.is_closed = False

    def show(self, surface: pygame.Surface) -> None:
        """Shows a frame and waits until the next is due; does nothing once closed."""
        if self.is_closed:
            return
        self._screen.blit(surface, (0, 0))
        pygame.display.flip()
        self._clock.tick(self._frames_per_second)
        for event in pygame.event.get():
            escape = event.type == pygame.KEYDOWN and event.key == pygame.K_ESCAPE
            if escape or event.type == pygame.QUIT:
                self.close()
                return

    def close(self) -> None:
        """Closes the window; a second call does nothing."""
        if not self.is_closed:
            pygame.display.quit()
        self.is_closed = True
