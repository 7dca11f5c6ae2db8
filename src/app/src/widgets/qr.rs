//! A link as a QR code, to be read from the wall of a classroom.

use qrcodegen::{QrCode, QrCodeEcc, QrSegment, Version};
use yew::prelude::*;

/// The largest code that phones read from a few metres: version 20 has 97×97 modules, for 858 bytes.
const LARGEST: u8 = 20;
/// Light modules around the code (ISO/IEC 18004 asks for four).
const QUIET: i32 = 4;

/// A link's code.
#[derive(PartialEq)]
pub struct QrProps {
    /// The picture's id.
    pub id: &'static str,
    pub link: String,
    /// What the picture is called.
    pub name: String,
    /// What stands in its place where the link is too long.
    pub too_long: String,
}

/// The dark modules as a path in units of a module, one rectangle for each horizontal run, and the side of the picture;
/// `None` where the link is too long.
fn modules(link: &str) -> Option<(String, i32)> {
    let segments = QrSegment::make_segments(link);
    let code =
        QrCode::encode_segments_advanced(&segments, QrCodeEcc::Low, Version::MIN, Version::new(LARGEST), None, true)
            .ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let run = (x..size).take_while(|&x| code.get_module(x, y)).count() as i32;
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    Some((path, size + 2 * QUIET))
}

/// The code, dark on white in every theme, since many readers know no other.
#[hook]
pub fn use_qr(props: &QrProps) -> Html {
    let drawn = use_memo(props.link.clone(), |link| modules(link));
    match &*drawn {
        Some((path, side)) => html! {
            <svg id={props.id} class="qr" viewBox={format!("0 0 {side} {side}")} role="img" aria-label={props.name.clone()} shape-rendering="crispEdges">
                <rect width={side.to_string()} height={side.to_string()} fill="#fff" />
                <path d={path.clone()} fill="#000" />
            </svg>
        },
        None => html! { <div id={props.id} class="qr empty">{ props.too_long.clone() }</div> },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_begins_with_a_finder_pattern_inside_a_quiet_zone() {
        let (path, side) = modules("https://example.org/#v=1").unwrap();
        // Version 2 is the smallest that holds 24 bytes: 25 modules and twice the quiet zone.
        assert_eq!(side, 33);
        // A finder pattern is seven dark modules wide, then a ring of one dark, five light, one dark.
        assert!(path.starts_with("M4 4h7v1h-7z"), "{path}");
        assert!(path.contains("M4 5h1v1h-1zM10 5h1v1h-1z"), "{path}");
        assert!(path.contains("M22 4h7v1h-7z"), "the second one ends at the right edge: {path}");
    }

    #[test]
    fn a_link_that_no_phone_could_read_has_no_code() {
        assert!(modules(&"x".repeat(858)).is_some());
        assert!(modules(&"x".repeat(859)).is_none());
    }
}
