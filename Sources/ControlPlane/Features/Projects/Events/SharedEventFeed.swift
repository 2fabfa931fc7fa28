import Orchestrator
import ProjectModel
import Synchronization

/// Spares the database the question whether a project has new events, when several readers ask it at nearly the same
/// time: ten open pages of a project cost what one does.
final class SharedEventFeed: ProjectEventFeed {
    private struct Head {
        let number: Int64
        let readAt: Duration
    }

    private let feed: any ProjectEventFeed
    private let time: any TimeSource
    private let heads = Mutex<[ProjectRef: Head]>([:])

    /// For so long it is believed that nothing has happened since the last reading; less than readers wait.
    static let believed: Duration = .milliseconds(900)
    /// Projects that are remembered; beyond it all are forgotten.
    static let projectsMax = 1_000

    init(_ feed: any ProjectEventFeed, time: any TimeSource) {
        self.feed = feed
        self.time = time
    }

    func events(
        of ref: ProjectRef, after number: Int64, limit: Int
    ) async throws(StoreError) -> [RecordedEvent] {
        let now = time.uptime()
        let head = heads.withLock { $0[ref] }
        if let head, head.number == number, now - head.readAt < Self.believed { return [] }
        let events = try await feed.events(of: ref, after: number, limit: limit)
        let latest = events.last?.number ?? number
        heads.withLock { heads in
            if heads.count >= Self.projectsMax, heads[ref] == nil { heads = [:] }
            heads[ref] = Head(number: latest, readAt: now)
        }
        return events
    }
}
