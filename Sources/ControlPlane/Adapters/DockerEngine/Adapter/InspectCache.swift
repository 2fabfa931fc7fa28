import ProjectModel
import Reconciler
import Synchronization

/// Cached inspections, so that an observation of a project inspects only containers that have changed. An entry is
/// valid while lists show the same run of the container (``ContainerListItem/Run/isCacheable``), and no event has reported
/// a change: an event may precede the change in the lists.
///
/// It holds the containers of the last observation of each project, and no more.
final class InspectCache: Sendable {
    /// A container with the list's entry that it was inspected for.
    typealias Entry = (run: ContainerListItem.Run, container: ObservedContainer)

    private struct Project {
        var entries: [String: Entry] = [:]
        /// The latest observation in progress, and the containers with events since.
        var look = 0
        var touched: Set<String> = []
    }

    private struct State {
        var projects: [ProjectRef: Project] = [:]
        var looks = 0
    }

    private let state = Mutex(State())

    /// Begins an observation; returns its number.
    func beginLook(at ref: ProjectRef) -> Int {
        state.withLock { state in
            state.looks += 1
            state.projects[ref, default: Project()].look = state.looks
            state.projects[ref]?.touched = []
            return state.looks
        }
    }

    /// A container as it was inspected, if that still counts.
    func container(_ run: ContainerListItem.Run, of ref: ProjectRef) -> ObservedContainer? {
        state.withLock { state in
            guard let known = state.projects[ref]?.entries[run.id], known.run == run else { return nil }
            return known.container
        }
    }

    /// Keeps the results of an observation, except for containers that an event has invalidated meanwhile.
    func keep(_ found: [Entry], of ref: ProjectRef, from look: Int) {
        state.withLock { state in
            guard let project = state.projects[ref], project.look == look else { return }
            // An inspection may be later than the list: only entries that agree with the list are kept.
            let lasting = found.filter { entry in
                entry.run.isCacheable && entry.container.state == ObservedContainer.State(entry.run.state)
                    && !project.touched.contains(entry.run.id)
            }
            guard !lasting.isEmpty else { return state.projects[ref] = nil }
            state.projects[ref]?.entries = Dictionary(lasting.map { ($0.run.id, $0) }) { $1 }
        }
    }

    /// Drops a container that an event has reported.
    func forget(_ id: String, of ref: ProjectRef) {
        state.withLock { state in
            state.projects[ref]?.entries[id] = nil
            state.projects[ref]?.touched.insert(id)
        }
    }

    /// Forgets everything: events may have been missed.
    func forgetAll() { state.withLock { $0.projects = [:] } }
}
