import Logging
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import FunctionModel

@Suite("Deploying Edge Functions")
struct FunctionCatalogTests {
    /// Copies in memory; counts what is written, and can fail.
    private final class MemoryFolders: FunctionFolders {
        struct State {
            var copies: [ProjectRef: [String: DeployedFunction]] = [:]
            var writes: [String] = []
            var failure: FunctionError?
        }

        let state = Mutex(State())

        func change<Value>(_ body: (inout State) -> Value) throws(FunctionError) -> Value {
            try state.withLock { state throws(FunctionError) in
                if let failure = state.failure { throw failure }
                return body(&state)
            }
        }

        func stamps(of ref: ProjectRef, in folder: String) throws(FunctionError) -> [String: String]? {
            try change { $0.copies[ref]?.mapValues(\.function.stamp) }
        }

        func write(_ function: DeployedFunction, in folder: String) throws(FunctionError) {
            try change { state in
                state.copies[function.function.ref]?[function.function.slug] = function
                state.writes.append(function.function.slug)
            }
        }

        func remove(_ slug: String, of ref: ProjectRef, in folder: String) throws(FunctionError) {
            try change { $0.copies[ref]?[slug] = nil }
        }
    }

    private struct Fixture {
        let ref = ProjectRef.sample(1)
        let folders = MemoryFolders()
        let store: InMemoryFunctionStore
        let publisher: FunctionPublisher
        let catalog: FunctionCatalog

        init(hasFolder: Bool = true) async throws {
            store = InMemoryFunctionStore(projects: try await knownProjects())
            publisher = FunctionPublisher(
                store: store, folders: folders, place: { _ in "functions" }, logger: Logger(label: "test"))
            catalog = FunctionCatalog(
                store: store, publisher: publisher,
                digest: { bytes throws(FunctionError) in
                    let text = String(bytes.reduce(UInt64(7)) { ($0 &* 31) ^ UInt64($1) })
                    return String(repeating: "0", count: 64 - text.count) + text
                })
            if hasFolder { folders.state.withLock { [ref] in $0.copies[ref] = [:] } }
        }

        func draft(_ slug: String, _ text: String = "one") -> FunctionDraft {
            FunctionDraft(
                slug: slug, entrypointPath: "index.ts", files: [FunctionFile(path: "index.ts", bytes: Array(text.utf8))]
            )
        }

        /// Copies in the folder by slug, as text of their first file.
        var copies: [String: String] {
            folders.state.withLock { state in
                state.copies[ref, default: [:]].mapValues { String(decoding: $0.files[0].bytes, as: UTF8.self) }
            }
        }

        var writes: [String] { folders.state.withLock(\.writes) }
    }

    @Test("calls of one project share its next turn, so that another project waits for one of them")
    func turns() async throws {
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let (begun, beginning) = AsyncStream<Void>.makeStream()
        let order = Mutex<[ProjectRef]>([])
        let publisher = FunctionPublisher(
            store: InMemoryFunctionStore(projects: try await knownProjects()), folders: MemoryFolders(),
            place: { ref in
                if ref == .sample(1) {
                    beginning.finish()
                    for await _ in gate {}
                }
                order.withLock { $0.append(ref) }
                return nil
            }, logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await publisher.publish(.sample(1)) }
            for await _ in begun {}
            for (number, calls) in [(UInt64(2), 600), (3, 1)] {
                for _ in 1...calls { group.addTask { try await publisher.publish(.sample(number)) } }
                while await publisher.queue[.sample(number)] ?? 0 < calls { await Task.yield() }
            }
            opening.finish()
            try await group.waitForAll()
        }
        #expect(order.withLock { $0 } == [.sample(1), .sample(2), .sample(3)])
        #expect(await publisher.queue.isEmpty)
    }

    @Test("what is deployed lies in the project's folder, and goes from it when it is deleted")
    func life() async throws {
        let fixture = try await Fixture()
        let made = try await fixture.catalog.deploy(fixture.draft("a"), of: fixture.ref)
        #expect(made.version == 1 && made.id.count == 36 && made.id == made.id.lowercased())
        _ = try await fixture.catalog.deploy(fixture.draft("b"), of: fixture.ref)
        #expect(fixture.copies == ["a": "one", "b": "one"] && fixture.writes == ["a", "b"])
        #expect(try await fixture.catalog.deploy(fixture.draft("a", "two"), of: fixture.ref).version == 2)
        #expect(fixture.copies == ["a": "two", "b": "one"])
        #expect(try await fixture.catalog.function("a", of: fixture.ref).files.count == 1)
        try await fixture.catalog.delete("a", of: fixture.ref)
        #expect(fixture.copies == ["b": "one"])
        #expect(try await fixture.catalog.functions(of: fixture.ref).map(\.slug) == ["b"])
        await #expect(throws: FunctionError.notFound(slug: "a")) {
            try await fixture.catalog.delete("a", of: fixture.ref)
        }
        await #expect(throws: FunctionError.notFound(slug: "a")) {
            try await fixture.catalog.function("a", of: fixture.ref)
        }
        await #expect(throws: FunctionError.self) {
            try await fixture.catalog.deploy(fixture.draft("main"), of: fixture.ref)
        }
    }

    @Test("bundles run together, once an update names them")
    func bundles() async throws {
        let fixture = try await Fixture()
        var updates: [FunctionUpdate] = []
        for slug in ["a", "b"] {
            let bundle = try await fixture.catalog.deploy(fixture.draft(slug), of: fixture.ref, bundleOnly: true)
            var update = FunctionUpdate(slug: slug, version: bundle.version)
            update.sha256 = bundle.sha256
            updates.append(update)
        }
        #expect(fixture.copies == [:] && fixture.writes == [])
        let functions = try await fixture.catalog.update(updates, of: fixture.ref)
        #expect(functions.map(\.slug) == ["a", "b"] && fixture.copies == ["a": "one", "b": "one"])
        // The same again is what a client does whose connection broke.
        #expect(try await fixture.catalog.update(updates, of: fixture.ref) == functions)
        #expect(fixture.writes == ["a", "b"])
        await #expect(throws: FunctionError.invalid("a function comes twice in one update")) {
            try await fixture.catalog.update(updates + updates, of: fixture.ref)
        }
        let many = (0...100).map { FunctionUpdate(slug: "f\($0)") }
        await #expect(throws: FunctionError.invalid("at most 100 functions can be updated at once")) {
            try await fixture.catalog.update(many, of: fixture.ref)
        }
    }

    @Test("without a folder nothing is written; a new one gets all functions again")
    func folderReturns() async throws {
        let fixture = try await Fixture(hasFolder: false)
        _ = try await fixture.catalog.deploy(fixture.draft("a"), of: fixture.ref)
        _ = try await fixture.catalog.deploy(fixture.draft("b"), of: fixture.ref)
        #expect(fixture.copies == [:] && fixture.writes == [])
        for _ in 0..<2 {
            fixture.folders.state.withLock { $0.copies[fixture.ref] = [:] }
            try await fixture.publisher.publish(fixture.ref)
            #expect(fixture.copies == ["a": "one", "b": "one"])
        }
        try await fixture.publisher.publish(fixture.ref)
        #expect(fixture.writes == ["a", "b", "a", "b"])
    }

    @Test("a folder that cannot be written does not undo a deployment, and is mended by the next call")
    func failure() async throws {
        let fixture = try await Fixture()
        fixture.folders.state.withLock { $0.failure = .folder("no space left") }
        _ = try await fixture.catalog.deploy(fixture.draft("a"), of: fixture.ref)
        #expect(fixture.copies == [:])
        await #expect(throws: FunctionError.folder("no space left")) {
            try await fixture.publisher.publish(fixture.ref)
        }
        fixture.folders.state.withLock { $0.failure = nil }
        try await fixture.publisher.publish(fixture.ref)
        #expect(fixture.copies == ["a": "one"])
    }

    @Test("what a unit of work deploys lies in the folder when the unit is stored, and never when it fails")
    func unitOfWork() async throws {
        struct Stop: Error {}
        let fixture = try await Fixture()
        let units = InMemoryUnitOfWork([fixture.store])
        try await units.perform {
            _ = try await fixture.catalog.deploy(fixture.draft("a"), of: fixture.ref)
            #expect(fixture.copies == [:])
        }
        #expect(fixture.copies == ["a": "one"])
        await #expect(throws: Stop.self) {
            try await units.perform {
                _ = try await fixture.catalog.deploy(fixture.draft("a", "two"), of: fixture.ref)
                throw Stop()
            }
        }
        try await fixture.publisher.publish(fixture.ref)
        #expect(fixture.copies == ["a": "one"])
    }

    @Test("many deployments at once leave the folder as the store has it")
    func together() async throws {
        let fixture = try await Fixture()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<60 {
                group.addTask {
                    let slug = "f\(number % 6)"
                    await #expect(throws: Never.self) {
                        _ = try await fixture.catalog.deploy(fixture.draft(slug, "\(number)"), of: fixture.ref)
                        // One deletion each of f3, f1 and f5: two of one function would leave nothing for the later.
                        if [9, 19, 29].contains(number) {
                            try await fixture.catalog.delete(slug, of: fixture.ref)
                        }
                    }
                }
            }
        }
        var stored: [String: String] = [:]
        for function in try await fixture.catalog.functions(of: fixture.ref) {
            let files = try await fixture.catalog.function(function.slug, of: fixture.ref).files
            stored[function.slug] = String(decoding: files[0].bytes, as: UTF8.self)
        }
        #expect(fixture.copies == stored)
    }
}
