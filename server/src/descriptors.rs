//! How many connections the system's limit of open files allows.

/// The most connections that can be open, up to `asked`, after the process's own limit was raised as far as needed.
pub(crate) fn connections(asked: usize) -> usize {
    let allowed = limit(asked.saturating_add(reserve(asked)));
    let available = allowed.saturating_sub(reserve(allowed)).max(1);
    if available < asked {
        tracing::info!(
            connections = available,
            open_files = allowed,
            "there will be fewer connections than the setting allows: raise the hard limit of open files \
             (`LimitNOFILE=` in systemd) for more"
        );
    }
    asked.min(available)
}

/// Files that are open beside connections: the database, wake-ups, connections that are being closed.
const fn reserve(limit: usize) -> usize {
    let share = limit / 8;
    if share < 32 {
        32
    } else if share > 640 {
        640
    } else {
        share
    }
}

/// The limit of open files, raised to `needed` if the system lets it be.
#[cfg(unix)]
fn limit(needed: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(current) = current else { return usize::MAX };
    let needed = u64::try_from(needed).unwrap_or(u64::MAX);
    let wanted = maximum.map_or(needed, |maximum| needed.min(maximum));
    let is_raised =
        wanted > current && setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }).is_ok();
    usize::try_from(if is_raised { wanted } else { current }).unwrap_or(usize::MAX)
}

/// Windows has no such limit.
#[cfg(not(unix))]
const fn limit(_needed: usize) -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_files_are_left_for_everything_else() {
        for (limit, left) in [(64, 32), (1024, 128), (20_000, 640), (1_000_000, 640)] {
            assert_eq!(reserve(limit), left);
        }
        assert_eq!(connections(10), 10);
    }

    #[cfg(unix)]
    #[test]
    fn there_are_never_more_connections_than_files() {
        let allowed = connections(usize::MAX);
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
        assert_eq!(limit.current, limit.maximum, "the limit was raised as far as it can be");
        assert!(limit.current.is_none_or(|limit| u64::try_from(allowed).unwrap() < limit));
    }
}
