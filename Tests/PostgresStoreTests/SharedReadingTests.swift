import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import PostgresStore

@Suite("One reading for all who ask at the same time")
struct SharedReadingTests {
    private struct Away: Error {}

    /// A source whose readings a test lets go one by one.
    private final class Source: Sendable {
        private struct State {
            var begun = 0
            var open: [CheckedContinuation<Void, Never>] = []
        }
        private let state = Mutex(State())

        var begun: Int { state.withLock { $0.begun } }

        func read() async -> Int {
            await withCheckedContinuation { continuation in
                state.withLock { state in
                    state.begun += 1
                    state.open.append(continuation)
                }
            }
            return begun
        }

        func letGo() {
            let open = state.withLock { state in
                defer { state.open = [] }
                return state.open
            }
            for continuation in open { continuation.resume() }
        }
    }

    private func until(_ condition: () -> Bool) async throws {
        for _ in 0..<10_000 where !condition() { try await Task.sleep(for: .milliseconds(1)) }
        try #require(condition())
    }

    @Test("who asks during a reading gets the next one, and all of them the same")
    func sharing() async throws {
        let (reading, source) = (SharedReading<Int>(), Source())
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask { try await reading.value { await source.read() } }
            try await until { source.begun == 1 }
            for _ in 1...10 { group.addTask { try await reading.value { await source.read() } } }
            try await until { reading.waiting == 10 }
            source.letGo()
            try await until { source.begun == 2 && reading.waiting == 0 }
            source.letGo()
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(values.sorted() == [1] + Array(repeating: 2, count: 10))
        let later = try await reading.value { 3 }
        #expect(later == 3)
    }

    @Test("a failed reading fails for its callers, and the next one is made")
    func failure() async throws {
        let (reading, source) = (SharedReading<Int>(), Source())
        let failures = try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { try await reading.value { await source.read() } == 0 }
            try await until { source.begun == 1 }
            for _ in 1...5 {
                group.addTask {
                    do {
                        _ = try await reading.value { throw Away() }
                        return false
                    } catch { return error is Away }
                }
            }
            try await until { reading.waiting == 5 }
            source.letGo()
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failures == 5)
        let next = try await reading.value { 7 }
        #expect(next == 7)
    }

    @Test("the others do not fail when the task that reads for them is cancelled")
    func cancellation() async throws {
        let (reading, source) = (SharedReading<Int>(), Source())
        let values = try await withThrowingTaskGroup(of: Int.self) { others in
            others.addTask { try await reading.value { await source.read() } }
            try await until { source.begun == 1 }
            await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        return try await reading.value {
                            try await Task.sleep(for: .seconds(600))
                            return 0
                        } == 1
                    } catch { return error is CancellationError }
                }
                do {
                    try await until { reading.waiting == 1 }
                    for _ in 1...3 { others.addTask { try await reading.value { 5 } } }
                    try await until { reading.waiting == 4 }
                    source.letGo()
                    try await until { reading.waiting == 0 }
                } catch { Issue.record(error) }
                group.cancelAll()
                for await isCancelled in group { #expect(isCancelled) }
            }
            return try await others.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(values.sorted() == [1, 5, 5, 5])
    }
}

@Suite("The memory of one edition")
struct ProjectCacheTests {
    private func page(_ count: Int, _ edition: String) throws -> ProjectPage {
        let records = try (0..<count).map { try record($0) }
        return ProjectPage(count: count, projects: records, edition: ProjectEdition(edition))
    }

    private func record(_ number: Int) throws -> ProjectRecord {
        let time = Timestamp(milliseconds: 1)
        return ProjectRecord(
            number: Int64(number), ref: .sample(UInt64(number)), name: try ProjectName("p"), organizationSlug: "o",
            region: "", cloudProvider: "", status: .active, services: [], leases: nil, insertedAt: time,
            updatedAt: time, statusChangedAt: time)
    }

    @Test("another edition makes it forget everything, whichever way it changes")
    func editions() throws {
        var cache = ProjectCache()
        let (query, kept) = (ProjectQuery(), try page(2, "a"))
        cache.keep(kept, for: query)
        cache.keep(try record(9), in: ProjectEdition("a"))
        #expect(cache.page(query, in: ProjectEdition("a")) == kept)
        #expect(cache.page(query, in: ProjectEdition("b")) == nil)
        #expect(cache.record(.sample(9), in: ProjectEdition("a")) != nil)
        #expect(cache.record(.sample(9), in: ProjectEdition("b")) == nil)
        cache.keep(try record(9), in: ProjectEdition("b"))
        #expect(cache.page(query, in: ProjectEdition("a")) == nil)
        #expect(cache.page(query, in: ProjectEdition("b")) == nil)
        #expect(cache.recordsKept == 1)
    }

    @Test("it keeps no more than its bounds allow, and nothing of a page without an edition")
    func bounds() throws {
        var cache = ProjectCache()
        cache.keep(ProjectPage(count: 0, projects: []), for: ProjectQuery())
        #expect(cache.edition == nil)
        let kept = try page(100, "a")
        for offset in 0..<1_000 {
            cache.keep(kept, for: ProjectQuery(offset: offset))
            cache.keep(kept, for: ProjectQuery(offset: offset))
            #expect(cache.recordsKept <= ProjectCache.recordsMax)
            #expect(cache.page(ProjectQuery(offset: offset), in: ProjectEdition("a")) == kept)
        }
        #expect(cache.recordsKept <= ProjectCache.pagesMax * 100)
        cache.keep(try page(ProjectCache.recordsMax + 1, "a"), for: ProjectQuery())
        #expect(cache.page(ProjectQuery(), in: ProjectEdition("a"))?.count != ProjectCache.recordsMax + 1)
    }
}
