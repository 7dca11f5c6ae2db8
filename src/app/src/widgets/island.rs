//! The one component type of all that has a state of its own or is drawn anew only when it changed. yew makes several
//! kilobytes of code for every component type; what is written as a hook that returns what it shows costs only itself.

use std::{any::Any, rc::Rc};

use yew::{
    functional::{Hook, HookContext},
    prelude::*,
};

/// What an island shows, from what it is given and the hooks it runs.
pub type Show<P> = fn(&mut HookContext, &P) -> Html;

/// What an island is given and how that is shown, whatever its type.
trait Drawn: Any {
    fn draw(&self, ctx: &mut HookContext) -> Html;

    /// Whether another would show the same.
    fn same(&self, other: &dyn Any) -> bool;
}

struct Given<P> {
    props: P,
    show: Show<P>,
}

impl<P: PartialEq + 'static> Drawn for Given<P> {
    fn draw(&self, ctx: &mut HookContext) -> Html {
        (self.show)(ctx, &self.props)
    }

    fn same(&self, other: &dyn Any) -> bool {
        other.downcast_ref::<Self>().is_some_and(|other| self.props == other.props)
    }
}

/// An island with its name, by which one is told from another.
#[derive(Properties, Clone)]
struct IslandProps {
    name: &'static str,
    drawn: Rc<dyn Drawn>,
}

impl PartialEq for IslandProps {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.drawn.same(&*other.drawn)
    }
}

struct Run<'a>(&'a dyn Drawn);

impl Hook for Run<'_> {
    type Output = Html;

    fn run(self, ctx: &mut HookContext) -> Html {
        self.0.draw(ctx)
    }
}

fn use_drawn(drawn: &dyn Drawn) -> impl Hook<Output = Html> {
    Run(drawn)
}

#[component]
fn Island(props: &IslandProps) -> Html {
    use_drawn(&*props.drawn)
}

fn placed(name: &'static str, drawn: Rc<dyn Drawn>) -> Html {
    html! { <><Island key={name} {name} {drawn} /></> }
}

/// An island in its place. The key keeps it from taking over the hooks of another that stood there before; the list
/// around it keeps that key to itself, so that the same may stand there several times.
pub fn island<P: PartialEq + 'static>(name: &'static str, props: P, show: Show<P>) -> Html {
    placed(name, Rc::new(Given { props, show }))
}

/// The island of a hook, which takes nothing or one reference to what it is given.
#[macro_export]
macro_rules! island {
    ($hook:path) => {
        $crate::widgets::island::island(stringify!($hook), (), |ctx, ()| yew::functional::Hook::run($hook(), ctx))
    };
    ($hook:path, $props:expr) => {
        $crate::widgets::island::island(stringify!($hook), $props, |ctx, props| {
            yew::functional::Hook::run($hook(props), ctx)
        })
    };
}
