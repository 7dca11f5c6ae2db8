//! The icons of the toolbar, drawn with one stroke. Each stands beside a name that can be read or heard.

use yew::prelude::*;

/// An icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Batch,
    Epoch,
    Again,
    Dice,
    Undo,
    Redo,
    Sun,
    Moon,
    Lock,
}

/// Draws an icon as wide as the text is high.
pub fn icon(icon: Icon) -> Html {
    let path = match icon {
        Icon::Batch => "M7 6v12l8-6zM18 6v12",
        Icon::Epoch => "M4 6.5v11l6.5-5.5zM11.5 6.5v11L18 12zM20.5 6v12",
        Icon::Again => "M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5v4.4h-4.4",
        Icon::Dice => "M5 5h14v14H5zM9 9h.01M15 9h.01M12 12h.01M9 15h.01M15 15h.01",
        Icon::Undo => "M8.5 5 4 9.5 8.5 14M4.5 9.5H14a5 5 0 0 1 0 10h-3",
        Icon::Redo => "M15.5 5 20 9.5 15.5 14M19.5 9.5H10a5 5 0 0 0 0 10h3",
        Icon::Sun => {
            "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"
        }
        Icon::Moon => "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
        Icon::Lock => "M7.5 11V8a4.5 4.5 0 0 1 9 0v3M5.5 11h13v9h-13z",
    };
    html! { <svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d={path} /></svg> }
}
