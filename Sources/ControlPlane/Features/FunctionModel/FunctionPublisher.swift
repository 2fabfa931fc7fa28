public import Logging
public import Orchestrator
public import ProjectModel

/// Brings the copies of functions in projects' folders in line with the store, one project at a time.
///
/// It compares what should be with what is, so it does not matter who calls it when, or whether a call before it
/// failed half-way. While a project has no folder there is nothing to do: the functions are written when it gets one.
public actor FunctionPublisher: FunctionPublishing {
    /// Most waiting projects. A refused call leaves the folder unchanged until the next one.
    public static let waitingMax = 512

    private let store: any FunctionStore
    private let folders: any FunctionFolders
    private let place: Place
    private let logger: Logger
    private var isBusy = false
    private var waiting: [Turn] = []

    /// A project's place in the queue. Calls that come before its turn share it: it reads what they have stored.
    private struct Turn {
        let ref: ProjectRef
        let leader: CheckedContinuation<[Follower], Never>
        var followers: [Follower] = []
    }

    private typealias Follower = CheckedContinuation<Result<Void, FunctionError>, Never>

    /// Where the functions of a project lie in its folder; nil when there is no such project, or its stack runs none.
    public typealias Place = @Sendable (ProjectRef) async throws(FunctionError) -> String?

    /// A publisher on its ports.
    public init(store: any FunctionStore, folders: any FunctionFolders, place: @escaping Place, logger: Logger) {
        self.store = store
        self.folders = folders
        self.place = place
        self.logger = logger
    }

    /// Writes what differs, and removes what is no longer a function.
    public func publish(_ ref: ProjectRef) async throws(FunctionError) {
        if let place = waiting.firstIndex(where: { $0.ref == ref }) {
            return try await withCheckedContinuation { waiting[place].followers.append($0) }.get()
        }
        guard waiting.count < Self.waitingMax else { throw .folder("too many deployments at once; try again") }
        let followers = await takeTurn(of: ref)
        let outcome: Result<Void, FunctionError>
        do throws(FunctionError) { outcome = .success(try await write(ref)) } catch { outcome = .failure(error) }
        for follower in followers { follower.resume(returning: outcome) }
        giveTurn()
        try outcome.get()
    }

    private func write(_ ref: ProjectRef) async throws(FunctionError) {
        guard let folder = try await place(ref), let present = try folders.stamps(of: ref, in: folder) else { return }
        let plan = FunctionPlan(wanted: try await store.functions(of: ref), present: present)
        for slug in plan.removed { try folders.remove(slug, of: ref, in: folder) }
        for slug in plan.written {
            // Absent when it was deleted meanwhile; the deletion publishes again.
            if let function = try await store.function(slug, of: ref) { try folders.write(function, in: folder) }
        }
    }

    /// Publishes after a change that is stored already: a failure is logged, and repaired by the next call.
    func publishStored(_ ref: ProjectRef) async {
        do throws(FunctionError) {
            try await publish(ref)
        } catch {
            logger.error(
                "functions are stored but do not run yet; they are written again at the next deployment or start",
                metadata: ["project": "\(ref)", "error": "\(error)"])
        }
    }

    /// Calls that wait, by project.
    var queue: [ProjectRef: Int] {
        Dictionary(waiting.map { ($0.ref, 1 + $0.followers.count) }, uniquingKeysWith: +)
    }

    private func takeTurn(of ref: ProjectRef) async -> [Follower] {
        guard isBusy else {
            isBusy = true
            return []
        }
        return await withCheckedContinuation { waiting.append(Turn(ref: ref, leader: $0)) }
    }

    private func giveTurn() {
        guard !waiting.isEmpty else { return isBusy = false }
        let next = waiting.removeFirst()
        next.leader.resume(returning: next.followers)
    }
}

/// The changes to make in a project's folder.
struct FunctionPlan: Equatable {
    /// Slugs to write, in order.
    let written: [String]
    /// Slugs to remove, in order.
    let removed: [String]

    init(wanted: [EdgeFunction], present: [String: String]) {
        written = wanted.filter { present[$0.slug] != $0.stamp }.map(\.slug).sorted()
        removed = Set(present.keys).subtracting(wanted.map(\.slug)).sorted()
    }
}
