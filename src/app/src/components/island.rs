//! The one component type of all panels that have a state of their own. yew makes several kilobytes of code for every
//! component type; a panel written as a hook that returns what it shows costs only itself.

use yew::{
    functional::{Hook, HookContext},
    prelude::*,
};

/// A panel: what it shows, from the hooks it runs.
pub type Show = fn(&mut HookContext) -> Html;

/// A panel with its name, by which one is told from another.
#[derive(Properties, Clone, Copy)]
pub struct IslandProps {
    name: &'static str,
    show: Show,
}

impl PartialEq for IslandProps {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

struct Run(Show);

impl Hook for Run {
    type Output = Html;

    fn run(self, ctx: &mut HookContext) -> Html {
        (self.0)(ctx)
    }
}

fn use_show(show: Show) -> impl Hook<Output = Html> {
    Run(show)
}

#[component]
fn Island(props: &IslandProps) -> Html {
    use_show(props.show)
}

/// A panel in its place. The key keeps it from taking over the hooks of another panel that stood there before.
pub fn island(name: &'static str, show: Show) -> Html {
    html! { <Island key={name} {name} {show} /> }
}

/// The panel of a hook without arguments.
#[macro_export]
macro_rules! island {
    ($panel:path) => {
        $crate::components::island::island(stringify!($panel), |ctx| yew::functional::Hook::run($panel(), ctx))
    };
}
