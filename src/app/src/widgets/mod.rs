//! Pieces that several panels are built of.

pub mod badge;
pub mod cell;
pub mod choice;
pub mod dom;
pub mod drawing;
pub mod example_card;
pub mod example_row;
pub mod framed;
pub mod help;
pub mod highlight;
pub mod hue;
pub mod icon;
pub mod island;
pub mod knob;
pub mod number_field;
pub mod picture;
pub mod pixel_grid;
pub mod progress;
pub mod qr;
pub mod saved_run;
pub mod slider;
pub mod swipe;
pub mod user_examples;
pub mod widths;
pub mod window;
