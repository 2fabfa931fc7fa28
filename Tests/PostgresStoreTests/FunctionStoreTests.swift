import FunctionModel
import Orchestrator
import OrchestratorTesting
import PostgresKit
import PostgresTestSupport
import ProjectModel
import Testing

@testable import PostgresStore

@Suite(
    "Edge Functions in a real PostgreSQL",
    .enabled("needs PostgreSQL's server programs") { await TestCluster.isAvailable() },
    .postgresCluster)
struct FunctionStoreTests {
    private let time = Timestamp(milliseconds: 1_000)

    /// Gives a migrated database with the projects 1 and 2.
    private func withStore(_ body: (PostgresPool, PostgresFunctionStore) async throws -> Void) async throws {
        let pool = PostgresPool(try await TestCluster.running.emptyDatabase())
        do {
            _ = try await Migrations.apply(DatabaseSchema.migrations, to: pool)
            let projects = PostgresProjectStore(pool: pool)
            for number in [1, 2] { _ = try await projects.insert(project(number)) }
            try await body(pool, PostgresFunctionStore(pool: pool))
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }

    private func project(_ number: Int) throws -> NewProject {
        let subnet = try #require(
            IPv4Network(containing: IPv4Address(number: 0x0AC9_0000 + UInt32(number) * 32), prefixLength: 27))
        return NewProject(
            ref: .sample(UInt64(number)), name: try ProjectName("project \(number)"), organizationSlug: "default",
            region: "local", cloudProvider: "AWS", services: [.db],
            leases: Leases(ports: ["GATEWAY_PORT": UInt16(50_000 + number)], subnet: subnet),
            secrets: SealedSecrets(wrappedKey: [1], values: [:]), at: time)
    }

    private func deployment(_ slug: String, _ text: String, path: String = "index.ts") throws -> FunctionDeployment {
        try FunctionStoreContract.deployment(slug, [FunctionFile(path: path, bytes: Array(text.utf8))])
    }

    private func count(_ table: String, _ pool: PostgresPool) async throws -> Int {
        try await pool.single("select count(*) as n from \(table)").int("n")
    }

    @Test("the store does what every store of functions does")
    func contract() async throws {
        try await withStore { _, store async throws in
            try await FunctionStoreContract.run(on: store, refs: [.sample(1), .sample(2)], unknown: .sample(3))
        }
    }

    @Test("deployments of one function at the same moment all count, and none mixes with another")
    func race() async throws {
        try await withStore { pool, store async throws in
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        await #expect(throws: Never.self) {
                            _ = try await store.put(
                                try deployment("hello", "\(number)", path: "f\(number).ts"), as: .live, of: .sample(1),
                                at: time)
                        }
                    }
                    group.addTask {
                        await #expect(throws: Never.self) {
                            guard let read = try await store.function("hello", of: .sample(1)) else { return }
                            #expect(read.files.map(\.path) == [read.function.entrypointPath])
                        }
                    }
                }
            }
            #expect(try await store.function("hello", of: .sample(1))?.function.version == 20)
            #expect(try await count("project_function_files", pool) == 1)
        }
    }

    @Test("of two bundles that are activated together both run, or neither")
    func activation() async throws {
        try await withStore { pool, store async throws in
            for slug in ["a", "b"] {
                _ = try await store.put(try deployment(slug, "one"), as: .bundle, of: .sample(1), at: time)
            }
            let updates = [FunctionUpdate(slug: "a", version: 1), FunctionUpdate(slug: "b", version: 2)]
            await #expect(throws: FunctionError.self) { try await store.update(updates, of: .sample(1), at: time) }
            #expect(try await store.functions(of: .sample(1)) == [])
            #expect(try await count("project_functions where stage = 'bundle'", pool) == 2)
        }
    }

    @Test("as many bytes as a function may have are stored and read")
    func large() async throws {
        try await withStore { _, store async throws in
            let bytes = (0..<FunctionLimits.bytesMax / 2).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let files = [FunctionFile(path: "a.bin", bytes: bytes), FunctionFile(path: "b.bin", bytes: bytes)]
            _ = try await store.put(
                try FunctionStoreContract.deployment("large", files), as: .live, of: .sample(1), at: time)
            let read = try await store.function("large", of: .sample(1))
            #expect(read?.files == files)
        }
    }

    @Test("what a deployment replaces does not count for the room that it needs")
    func use() async throws {
        try await withStore { pool, store async throws in
            for (slug, text, stage) in [("a", "12", .live), ("a", "345", .bundle), ("b", "6789", .live)]
                as [(String, String, FunctionStage)]
            {
                _ = try await store.put(try deployment(slug, text), as: stage, of: .sample(1), at: time)
            }
            for (slug, stages, functions, bytes) in [
                ("a", [.live, .bundle], 1, 4), ("a", [.bundle], 1, 6), ("b", [.live, .bundle], 1, 5),
                ("c", [.live, .bundle], 2, 9),
            ] as [(String, [FunctionStage], Int, Int)] {
                let use = try await FunctionRows.use(of: .sample(1), without: slug, stages, in: pool)
                #expect(use == FunctionUse(functions: functions, bytes: bytes), "\(slug) \(stages)")
            }
            #expect(
                try await FunctionRows.use(of: .sample(2), without: "a", [.live], in: pool)
                    == FunctionUse(functions: 0, bytes: 0))
        }
    }

    @Test("what a unit of work deploys is gone when the unit fails")
    func rollback() async throws {
        struct Stop: Error {}
        try await withStore { pool, store async throws in
            await #expect(throws: Stop.self) {
                try await PostgresUnitOfWork(pool: pool).perform {
                    _ = try await store.put(try deployment("a", "one"), as: .live, of: .sample(1), at: time)
                    #expect(try await store.functions(of: .sample(1)).count == 1)
                    throw Stop()
                }
            }
            #expect(try await store.functions(of: .sample(1)) == [])
        }
    }

    @Test("a deleted project takes its functions with it and gets no new ones")
    func forgetting() async throws {
        try await withStore { pool, store async throws in
            for ref in [ProjectRef.sample(1), .sample(2)] {
                _ = try await store.put(try deployment("a", "one"), as: .live, of: ref, at: time)
                _ = try await store.put(try deployment("a", "two"), as: .bundle, of: ref, at: time)
            }
            func change(_ from: ProjectStatus, _ to: ProjectStatus) async throws -> Int {
                let transition = StatusTransition(from: from, to: to, cause: "x", at: time)
                #expect(try await PostgresProjectStore(pool: pool).transition(.sample(1), transition))
                return try await count("project_functions", pool) + (try await count("project_function_files", pool))
            }
            #expect(try await change(.provisioning, .deleting) == 8)
            #expect(try await change(.deleting, .deleted) == 4)
            await #expect(throws: FunctionError.noProject(.sample(1))) {
                try await store.put(try deployment("a", "one"), as: .live, of: .sample(1), at: time)
            }
        }
    }
}
