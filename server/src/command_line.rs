//! Reading the command line: what help and errors show of it, and what counts as given.

use std::ffi::OsStr;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command, CommandFactory, FromArgMatches};

use crate::Arguments;

/// Reads the command line; shows help and errors, and ends the program, as clap does. A variable that is set to nothing
/// counts as unset.
pub(crate) fn read() -> Arguments {
    let given = command(without_empty_variable);
    let read = given.try_get_matches().and_then(|matches| Arguments::from_arg_matches(&matches));
    read.unwrap_or_else(|error| {
        // A usage line has what was given, and variables count as given: it would tell of options that nobody typed.
        let typed = command(|arg| arg.env(None::<&str>)).try_get_matches();
        match typed {
            Err(error) => error.exit(),
            Ok(_) => name_variable(error).exit(),
        }
    })
}

/// The command line. Commands other than serving take every setting, so that one set of variables and one file do for all,
/// and show those that matter to them. `change` is made to each setting.
fn command(change: fn(Arg) -> Arg) -> Command {
    let command = Arguments::command().mut_args(change);
    let settings: Vec<Arg> = command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    command.mut_subcommands(|subcommand| {
        let shown: &[&str] = if subcommand.get_name() == "health" {
            &["config", "listen"]
        } else {
            &["config", "data", "master_key_file"]
        };
        hide_settings(subcommand, &settings, shown)
    })
}

fn hide_settings(command: Command, settings: &[Arg], shown: &[&str]) -> Command {
    let hidden = settings.iter().filter(|arg| !shown.contains(&arg.get_id().as_str()));
    let command = command.args(hidden.cloned().map(|arg| arg.hide(true)));
    command.mut_subcommands(|subcommand| hide_settings(subcommand, settings, shown))
}

fn without_empty_variable(arg: Arg) -> Arg {
    let is_empty = |name: &OsStr| std::env::var_os(name).is_some_and(|value| value.is_empty());
    if arg.get_env().is_some_and(is_empty) { arg.env(None::<&str>) } else { arg }
}

/// Says which variable an unusable value is from: nobody has typed the option.
fn name_variable(mut error: clap::Error) -> clap::Error {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return error };
    let long = option.split_whitespace().next().unwrap_or_default().trim_start_matches("--").to_owned();
    let command = Arguments::command();
    let variable = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(long.as_str()))
        .and_then(|arg| Some(arg.get_env()?.to_string_lossy().into_owned()));
    if let Some(variable) = variable {
        error.insert(ContextKind::InvalidArg, ContextValue::String(format!("the variable {variable}")));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command(|arg| arg).debug_assert();
    }

    #[test]
    fn commands_show_the_settings_that_matter_to_them_and_take_all() {
        let mut command = command(|arg| arg);
        command.build();
        for (path, shown, hidden) in [
            (&["api-key", "create"][..], &["--organisation", "--client", "--data"][..], "--push-limit"),
            (&["client", "add"], &["--organisation", "--rights", "--redirect-uri", "--data"], "--push-limit"),
            (&["client", "secret", "remove"], &["--organisation", "--force", "--data"], "--digits"),
            (&["rotate-key"], &["--data", "--master-key-file"], "--digits"),
            (&["health"], &["--listen"], "--data"),
        ] {
            let mut command = command.clone();
            for name in path {
                command = command.find_subcommand(name).unwrap().clone();
            }
            let help = command.render_long_help().to_string();
            assert!(shown.iter().all(|option| help.contains(option)), "{help}");
            assert!(!help.contains(hidden), "{help}");
        }
        let line = ["countersign-server", "rotate-key", "--digits", "4", "--data", "x"];
        assert!(self::command(|arg| arg).try_get_matches_from(line).is_ok());
    }
}
