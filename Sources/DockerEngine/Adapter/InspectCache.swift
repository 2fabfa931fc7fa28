import ProjectModel
import Reconciler
import Synchronization

/// Containers as they were inspected, so that a look at a project asks only about those that have changed. What is kept
/// counts while lists show the same run of the container (``ContainerGlance/Run/isTelling``), and no event has told of a
/// change: the engine may tell of an end before its lists show it.
///
/// It holds the containers that the last look at each project has found, and no more.
final class InspectionMemory: Sendable {
    /// A container with the list's entry that it was inspected for.
    typealias Entry = (run: ContainerGlance.Run, container: ObservedContainer)

    private struct Project {
        var entries: [String: Entry] = [:]
        /// The look under way that began last, and the containers that events have told of since.
        var look = 0
        var touched: Set<String> = []
    }

    private struct State {
        var projects: [ProjectRef: Project] = [:]
        var looks = 0
    }

    private let state = Mutex(State())

    /// Notes that a look begins, and gives its number.
    func beginLook(at ref: ProjectRef) -> Int {
        state.withLock { state in
            state.looks += 1
            state.projects[ref, default: Project()].look = state.looks
            state.projects[ref]?.touched = []
            return state.looks
        }
    }

    /// A container as it was inspected, if that still counts.
    func container(_ run: ContainerGlance.Run, of ref: ProjectRef) -> ObservedContainer? {
        state.withLock { state in
            guard let known = state.projects[ref]?.entries[run.id], known.run == run else { return nil }
            return known.container
        }
    }

    /// Keeps what a look has found, except for what an event has told of meanwhile.
    func keep(_ found: [Entry], of ref: ProjectRef, from look: Int) {
        state.withLock { state in
            guard let project = state.projects[ref], project.look == look else { return }
            // An inspection may be later than the list: only what agrees with the list can be told by it.
            let lasting = found.filter { entry in
                entry.run.isTelling && entry.container.state == ObservedContainer.State(entry.run.state)
                    && !project.touched.contains(entry.run.id)
            }
            guard !lasting.isEmpty else { return state.projects[ref] = nil }
            state.projects[ref]?.entries = Dictionary(lasting.map { ($0.run.id, $0) }) { $1 }
        }
    }

    /// Forgets a container of which an event tells.
    func forget(_ id: String, of ref: ProjectRef) {
        state.withLock { state in
            state.projects[ref]?.entries[id] = nil
            state.projects[ref]?.touched.insert(id)
        }
    }

    /// Forgets everything: events may have been missed.
    func forgetAll() { state.withLock { $0.projects = [:] } }
}
