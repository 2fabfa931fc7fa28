import APIKit
import FeatureKit
import FoundationEssentials
import Orchestrator
import ProjectModel
import Reconciler

/// The changes of one project as events; pulled by one reader.
actor ProjectChanges {
    /// Where a stream begins.
    enum Start: Sendable, Equatable {
        /// Begins with this many past lines.
        case last(Int)
        /// With the first line after one that was seen.
        case after(Int64)
    }

    /// What makes a difference to a reader. When a service was probed last makes none.
    private struct Picture: Equatable {
        let status: ProjectStatus
        let failure: ProjectFailure?
        let states: [ServiceName: Assessment.ServiceState]
        let pulls: [ServiceName: ImagePull]

        init(_ record: ProjectRecord, _ reports: [ServiceReport]) {
            (status, failure) = (record.status, record.failure)
            states = Dictionary(reports.map { ($0.service, $0.state) }) { first, _ in first }
            pulls = Dictionary(reports.compactMap { report in report.imagePull.map { (report.service, $0) } }) { $1 }
        }
    }

    /// Interval between two looks at the manager's own state. The database is asked by one poll for all readers, and for
    /// this project only once that has found a change.
    private static let interval: Duration = .milliseconds(250)

    private let catalog: ProjectCatalog
    private let feed: any ProjectEventFeed
    private let poll: SharedPoll
    private let ref: ProjectRef
    private let start: Start
    /// The record, and what the poll said before it was read; nil where that is unknown.
    private var known: (record: ProjectRecord, mark: String?)?
    private var seen: Int64?
    private var picture: Picture?
    private var hasEnded = false

    init(catalog: ProjectCatalog, feed: any ProjectEventFeed, poll: SharedPoll, ref: ProjectRef, start: Start) {
        self.catalog = catalog
        self.feed = feed
        self.poll = poll
        self.ref = ref
        self.start = start
    }

    /// The next changes; nil once the project is deleted.
    func next() async throws -> [ServerSentEvent]? {
        while !hasEnded {
            let events = try await changes()
            if !events.isEmpty { return events }
            guard !hasEnded else { break }
            try await Task.sleep(for: Self.interval)
        }
        return nil
    }

    private func changes() async throws -> [ServerSentEvent] {
        do {
            let (record, isNew) = try await present()
            hasEnded = record.status == .deleted
            let reports = hasEnded ? [] : await catalog.health(of: record)
            let history = isNew ? try await newHistory() : []
            // Only now: what failed is asked for again.
            if isNew { known = (record, mark) }
            let now = Picture(record, reports)
            guard now != picture else { return history }
            picture = now
            // Without the end of a log: the permission to read logs may change while the stream lasts.
            let body = try text(ProjectProgress(record, reports, showsLogs: false))
            return history + [ServerSentEvent(name: "progress", id: nil, data: body)]
        } catch CatalogError.store(.unavailable) {
            // The manager's database is away for a moment; its events are in the history later.
            return []
        } catch StoreError.unavailable { return [] }
    }

    /// What the poll said last.
    private var mark: String?

    /// The record, and whether something may have changed since it was read last.
    private func present() async throws -> (ProjectRecord, isNew: Bool) {
        mark = try await poll.answer()
        if let known, mark != nil, known.mark == mark { return (known.record, false) }
        return (try await catalog.projectOrTombstone(ref), true)
    }

    private func newHistory() async throws -> [ServerSentEvent] {
        let events: [RecordedEvent]
        switch (seen, start) {
        case (let seen?, _): events = try await feed.events(of: ref, after: seen, limit: ProjectEvent.keptMax)
        case (nil, .after(let number)):
            events = try await feed.events(of: ref, after: number, limit: ProjectEvent.keptMax)
        case (nil, .last(let count)):
            // At least one: it marks the present.
            let latest = try await feed.events(of: ref, after: 0, limit: max(1, count))
            seen = latest.last?.number ?? 0
            events = count == 0 ? [] : latest
        }
        seen = events.last?.number ?? seen
        return try events.map { event in
            ServerSentEvent(name: "event", id: "\(event.number)", data: try text(EventBody(event.event)))
        }
    }

    private func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
