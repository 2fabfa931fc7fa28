public import ProjectModel
import Reconciler

/// Follows logs of services: across restarts and replacements of their containers, and without the project's secrets.
public struct ServiceLogFollower: Sendable {
    let catalog: ProjectCatalog
    let engine: any ContainerEngine
    let logs: any ContainerLogs
    /// Time between two questions to the manager's own knowledge, and shortest time between two looks at a project's
    /// containers.
    var interval: Duration = LogLooks.interval
    let looks: LogLooks

    public init(catalog: ProjectCatalog, engine: any ContainerEngine, logs: any ContainerLogs) {
        self.catalog = catalog
        self.engine = engine
        self.logs = logs
        looks = LogLooks()
    }

    /// A follower with intervals of its own.
    init(
        catalog: ProjectCatalog, engine: any ContainerEngine, logs: any ContainerLogs, interval: Duration,
        restMax: Duration
    ) {
        self.catalog = catalog
        self.engine = engine
        self.logs = logs
        self.interval = interval
        looks = LogLooks(interval: interval, restMax: restMax)
    }

    /// Lines in batches, as they arrive, until the project is gone or the reader stops. Pull-based: without a reader
    /// nothing runs or is buffered.
    ///
    /// A service without a container, and an engine that is away, are waited for. All readers of a project wait
    /// together: its containers are looked at once for them, and rarely as long as the manager knows of no change. The sequence throws
    /// ``ServiceLogsError`` when the engine refuses to show the log, and when the project's secrets cannot be read:
    /// without them no line is shown.
    public func lines(
        of service: ServiceName, in ref: ProjectRef, from start: LogStart
    ) -> AsyncThrowingStream<[LogLine], any Error> {
        let source = FollowedService(follower: self, service: service, ref: ref, start: start)
        return AsyncThrowingStream { try await source.next() }
    }

    /// The same up to now: lines that are there, then the end. A service without a container has none.
    public func pastLines(
        of service: ServiceName, in ref: ProjectRef, from start: LogStart
    ) -> AsyncThrowingStream<[LogLine], any Error> {
        let source = FollowedService(follower: self, service: service, ref: ref, start: start)
        return AsyncThrowingStream { try await source.nextOfPast() }
    }
}

/// One log that is followed, pulled by its reader.
private actor FollowedService {
    /// A run of a container, and whether it still lasted when its log was opened: then the end may be missing.
    private struct Run: Equatable {
        let container: String
        let startedAt: Timestamp?
        let isRunning: Bool
    }

    /// How long what takes the project's secrets out is used before they are read again.
    private static let secretsLifetime: Duration = .seconds(5)

    private let follower: ServiceLogFollower
    private let service: ServiceName
    private let ref: ProjectRef
    private var start: LogStart
    private var iterator: AsyncThrowingStream<[LogLine], any Error>.AsyncIterator?
    private var lastRun: Run?
    /// When the containers were looked at for the last time, as far as this reader used it.
    private var lookedAt: ContinuousClock.Instant?
    /// Whether there is something to find that the manager may not know.
    private var isUrgent = false
    private var redactor: (value: Redactor, readAt: ContinuousClock.Instant)?

    init(follower: ServiceLogFollower, service: ServiceName, ref: ProjectRef, start: LogStart) {
        self.follower = follower
        self.service = service
        self.ref = ref
        self.start = start
    }

    func next() async throws -> [LogLine]? {
        while true {
            try Task.checkCancellation()
            if iterator != nil {
                if let lines = try await read() { return try await redacted(lines) }
                (lookedAt, isUrgent) = (.now, true)
                // Also when it ends at once, again and again.
                try await Task.sleep(for: follower.interval)
            }
            guard let signs = try await signs() else { return nil }
            if try await open(signs) { continue }
            try await Task.sleep(for: follower.interval)
        }
    }

    /// The next lines that are there already.
    func nextOfPast() async throws -> [LogLine]? {
        if iterator == nil {
            guard lastRun == nil, let container = try await presentContainer() else { return nil }
            lastRun = Run(container: container.id, startedAt: container.startedAt, isRunning: false)
            do throws(EngineError) {
                iterator = try await follower.logs.past(container: container.id, from: start).makeAsyncIterator()
            } catch { throw ServiceLogsError.engine(error) }
        }
        guard var present = iterator else { return nil }
        iterator = nil
        let lines: [LogLine]?
        // Nothing is tried again: what was read so far would look like all of it.
        do { lines = try await present.next(isolation: self) } catch let error as EngineError {
            throw ServiceLogsError.engine(error)
        }
        guard let lines else { return nil }
        iterator = present
        return try await redacted(lines)
    }

    private func presentContainer() async throws(ServiceLogsError) -> ObservedContainer? {
        do throws(EngineError) { return try await follower.engine.observe(ref).container(of: service) } catch {
            throw .engine(error)
        }
    }

    /// The next lines of the present run; nil when none is open or it has ended.
    private func read() async throws -> [LogLine]? {
        guard var present = iterator else { return nil }
        iterator = nil
        let lines: [LogLine]?
        do { lines = try await present.next(isolation: self) } catch let error as EngineError {
            try Self.require(mayPass: error)
            return nil
        }
        guard let lines else { return nil }
        iterator = present
        if let moment = lines.last(where: { $0.at != nil })?.at { start = .after(moment) }
        return lines
    }

    /// What the manager knows of the project; nil when it is no more.
    private func signs() async throws -> ProjectSigns? {
        let record: ProjectRecord
        do throws(CatalogError) { record = try await follower.catalog.project(ref) } catch {
            if case .notFound = error { return nil }
            throw ServiceLogsError.catalog(error)
        }
        return ProjectSigns(
            record: record.outline, runs: await follower.catalog.observer.tallies(of: ref).mapValues(\.incarnation))
    }

    /// Opens the log of a run that was not read yet; false when there is none.
    private func open(_ signs: ProjectSigns) async throws -> Bool {
        do throws(EngineError) {
            let look = try await follower.looks.look(
                at: ref, signs, after: lookedAt, isUrgent: isUrgent, on: follower.engine)
            guard let look else { return false }
            (lookedAt, isUrgent) = (look.at, false)
            guard let container = look.stack.container(of: service) else { return false }
            let run = Run(
                container: container.id, startedAt: container.startedAt, isRunning: container.state == .running)
            guard run != lastRun || run.isRunning else { return false }
            isUrgent = true
            iterator = try await follower.logs.follow(container: container.id, from: start).makeAsyncIterator()
            (lastRun, isUrgent) = (run, false)
            return true
        } catch {
            try Self.require(mayPass: error)
            return false
        }
    }

    /// Throws an error that waiting does not end. A container that was removed is replaced by another one.
    private static func require(mayPass error: EngineError) throws(ServiceLogsError) {
        if case .notFound = error { return }
        guard error.isTransient else { throw .engine(error) }
    }

    private func redacted(_ lines: [LogLine]) async throws(ServiceLogsError) -> [LogLine] {
        let redactor = try await presentRedactor()
        return lines.map { LogLine(at: $0.at, text: Self.shown($0, by: redactor), isCut: $0.isCut) }
    }

    /// Where a line is cut, what may be a part of a secret is left out.
    private static func shown(_ line: LogLine, by redactor: Redactor) -> String {
        let edges = line.isCut ? line.openEdges.union(.end) : line.openEdges
        return redactor.redacted(line.text, open: edges) + (line.isCut ? cutMark : "")
    }

    private static let cutMark = " … (the rest of the line is left out)"

    private func presentRedactor() async throws(ServiceLogsError) -> Redactor {
        if let redactor, ContinuousClock.now - redactor.readAt < Self.secretsLifetime { return redactor.value }
        let value: Redactor
        do { value = try await follower.catalog.redactor(of: ref) } catch { throw .catalog(error) }
        redactor = (value, .now)
        return value
    }
}
