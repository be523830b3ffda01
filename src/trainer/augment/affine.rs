//! Turning and slanting about the middle; the nearest pixel is taken, and black comes in from outside.

use super::Picture;

/// Counter-clockwise by so many degrees, about the middle.
pub(super) fn rotated(picture: &Picture, degrees: f64) -> Picture {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (cy, cx) = ((picture.height as f64 - 1.0) / 2.0, (picture.width as f64 - 1.0) / 2.0);
    picture.map(|y, x| {
        let (dy, dx) = (y as f64 - cy, x as f64 - cx);
        (nearest(cy + sin * dx + cos * dy), nearest(cx + cos * dx - sin * dy))
    })
}

/// Slanted from its upper left corner: each place sees what lies `along_x` of its `y` to the right, and `along_y` of its `x` below.
pub(super) fn sheared(picture: &Picture, along_x: f64, along_y: f64) -> Picture {
    // Places are the middles of pixels.
    let (half, middle) = (0.5, |at: isize| at as f64 + 0.5);
    picture.map(|y, x| (nearest(middle(y) + along_y * middle(x) - half), nearest(middle(x) + along_x * middle(y) - half)))
}

fn nearest(at: f64) -> isize {
    at.round_ties_even() as isize
}
