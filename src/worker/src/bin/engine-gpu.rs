//! The engine on the graphics card. The same program, built with the feature `gpu`.

fn main() {
    retort_worker::start();
}
