public import FunctionModel
import Orchestrator
public import ProjectModel

/// What every ``FunctionStore`` promises. Tests run it on ``InMemoryFunctionStore`` and on PostgreSQL.
public enum FunctionStoreContract {
    /// Checks every promise on an empty store; throws the first that is broken.
    ///
    /// - Parameters:
    ///   - refs: two projects that the store knows.
    ///   - unknown: a project that it does not know.
    public static func run(
        on store: any FunctionStore, refs: [ProjectRef], unknown: ProjectRef
    ) async throws {
        guard refs.count == 2 else { throw ContractViolation("the contract needs two projects") }
        let run = FunctionContractRun(store: store, ref: refs[0], other: refs[1], unknown: unknown)
        try await run.checkDeployments()
        try await run.checkBundles()
        try await run.checkUpdates()
        try await run.checkAllOrNothing()
        try await run.checkDeletion()
        try await run.checkRoom()
    }

    /// A deployment of some files, with a hash of 64 digits that follows from `mark`.
    public static func deployment(
        _ slug: String, _ files: [FunctionFile], mark: UInt8 = 0, id: UInt8 = 1, name: String? = nil,
        verifyJWT: Bool? = nil, importMap: String? = nil
    ) throws(FunctionError) -> FunctionDeployment {
        let draft = FunctionDraft(
            slug: slug, name: name, verifyJWT: verifyJWT, entrypointPath: files.first?.path ?? "index.ts",
            importMapPath: importMap, files: files)
        let digit = String(mark % 10)
        return try FunctionRules.deployment(
            draft, newID: "00000000-0000-4000-8000-0000000000" + (id < 10 ? "0" : "") + String(id)
        ) { _ throws(FunctionError) in String(repeating: digit, count: 64) }
    }
}

private struct FunctionContractRun {
    let store: any FunctionStore
    let ref: ProjectRef
    let other: ProjectRef
    let unknown: ProjectRef
    let start = Timestamp(milliseconds: 1_800_000_000_000)

    func file(_ path: String, _ text: String = "x") -> FunctionFile {
        FunctionFile(path: path, bytes: Array(text.utf8))
    }

    func put(
        _ deployment: FunctionDeployment, as stage: FunctionStage = .live, of ref: ProjectRef? = nil, seconds: Int64
    ) async throws -> EdgeFunction {
        try await store.put(deployment, as: stage, of: ref ?? self.ref, at: start + .seconds(seconds))
    }

    func update(_ updates: [FunctionUpdate], seconds: Int64) async throws -> [EdgeFunction] {
        try await store.update(updates, of: ref, at: start + .seconds(seconds))
    }

    func refusal(_ body: () async throws -> Void) async throws -> FunctionError {
        do { try await body() } catch let error as FunctionError { return error }
        throw ContractViolation("the call must be refused")
    }

    func checkDeployments() async throws {
        try promise("a new store has no functions", try await store.functions(of: ref) == [])
        try promise("and not one by name", try await store.function("first", of: ref) == nil)
        let bytes = (0...255).map { UInt8($0) }
        let files = [FunctionFile(path: "a/deep/one.ts", bytes: bytes), file("deno.json", "{}"), file("z", "")]
        let made = try await put(
            FunctionStoreContract.deployment("first", files, mark: 1, id: 1, importMap: "deno.json"), seconds: 1)
        let expected = EdgeFunction(
            id: "00000000-0000-4000-8000-000000000001", ref: ref, slug: "first", name: "first", version: 1,
            verifyJWT: true, entrypointPath: "a/deep/one.ts", importMapPath: "deno.json",
            sha256: String(repeating: "1", count: 64), createdAt: start + .seconds(1), updatedAt: start + .seconds(1))
        try promise("a function is made as it was described", made == expected)
        try promise("it is stored so", try await store.functions(of: ref) == [expected])
        let stored = try await store.function("first", of: ref)
        try promise("with its files, byte for byte", stored == DeployedFunction(expected, files: files))
        try promise("other projects have no part in it", try await store.functions(of: other) == [])

        let again = try await put(
            FunctionStoreContract.deployment(
                "first", [file("index.ts")], mark: 2, id: 2, name: "First!", verifyJWT: false), seconds: 2)
        try promise(
            "the next version keeps identifier and birth",
            again.id == made.id && again.version == 2 && again.createdAt == made.createdAt)
        try promise(
            "and has the new description",
            again.name == "First!" && !again.verifyJWT && again.importMapPath == nil
                && again.updatedAt == start + .seconds(2))
        try promise("old files are gone", try await store.function("first", of: ref)?.files == [file("index.ts")])
        let third = try await put(
            FunctionStoreContract.deployment("first", [file("index.ts")], mark: 3, id: 3), seconds: 3)
        try promise(
            "what a deployment does not say stays", third.name == "First!" && !third.verifyJWT && third.version == 3)
        _ = try await put(FunctionStoreContract.deployment("A-1", [file("i.ts")], id: 4), seconds: 3)
        _ = try await put(FunctionStoreContract.deployment("a_2", [file("i.ts")], id: 5), seconds: 3)
        try promise(
            "functions come by slug, in the order of bytes",
            try await store.functions(of: ref).map(\.slug) == ["A-1", "a_2", "first"])
        let missing = try await refusal {
            _ = try await put(FunctionStoreContract.deployment("x", [file("i.ts")]), of: unknown, seconds: 1)
        }
        try promise("a project that is not there gets no function", missing == .noProject(unknown))
    }

    func checkBundles() async throws {
        let bundle = try await put(
            FunctionStoreContract.deployment("fresh", [file("b.ts")], mark: 4, id: 6), as: .bundle, seconds: 10)
        try promise("a bundle is announced as the next version", bundle.version == 1)
        try promise("but does not run", try await store.function("fresh", of: ref) == nil)
        let replaced = try await put(
            FunctionStoreContract.deployment("fresh", [file("c.ts")], mark: 5, id: 7), as: .bundle, seconds: 11)
        try promise("a later bundle takes its place", replaced.id == bundle.id && replaced.version == 1)
        let live = try await update([FunctionUpdate(slug: "fresh", version: 1)], seconds: 12)
        try promise("an update that names it lets it run", live.map(\.version) == [1] && live[0].id == bundle.id)
        let stored = try await store.function("fresh", of: ref)
        try promise("with its files", stored?.files == [file("c.ts")] && stored?.function == live[0])
        try promise("from that moment", live[0].updatedAt == start + .seconds(12))

        let second = try await put(
            FunctionStoreContract.deployment("fresh", [file("d.ts")], mark: 6, id: 8), as: .bundle, seconds: 13)
        try promise("the bundle of a function that runs is its next version", second.version == 2)
        try promise("which keeps running", try await store.function("fresh", of: ref) == stored)
        var update = FunctionUpdate(slug: "fresh", version: 2)
        update.name = "Fresh"
        update.verifyJWT = false
        let then = try await self.update([update], seconds: 14)
        try promise(
            "until the update",
            then[0].version == 2 && then[0].name == "Fresh" && !then[0].verifyJWT
                && then[0].createdAt == stored?.function.createdAt)
        try promise("files and all", try await store.function("fresh", of: ref)?.files == [file("d.ts")])

        _ = try await put(
            FunctionStoreContract.deployment("fresh", [file("e.ts")], mark: 7, id: 9), as: .bundle, seconds: 15)
        let direct = try await put(
            FunctionStoreContract.deployment("fresh", [file("f.ts")], mark: 8, id: 9), seconds: 16)
        try promise("a deployment overtakes a bundle", direct.version == 3)
        _ = try await self.update([FunctionUpdate(slug: "fresh", version: 3)], seconds: 17)
        try promise("whose version is its own", try await store.function("fresh", of: ref)?.files == [file("f.ts")])
        _ = try await put(FunctionStoreContract.deployment("fresh", [file("g.ts")], id: 9), seconds: 18)
        let late = try await refusal {
            _ = try await self.update([FunctionUpdate(slug: "fresh", version: 3)], seconds: 19)
        }
        guard case .invalid = late else { throw ContractViolation("a bundle that was overtaken is gone: \(late)") }
    }

    func checkUpdates() async throws {
        let before = try await put(
            FunctionStoreContract.deployment(
                "changing", [file("a.ts"), file("b.ts"), file("map.json")], mark: 1, id: 10), seconds: 20)
        try promise(
            "an update of nothing changes nothing",
            try await update([FunctionUpdate(slug: "changing", version: 1)], seconds: 21) == [before])
        var change = FunctionUpdate(slug: "changing")
        change.name = "Changing"
        change.verifyJWT = false
        change.entrypointPath = "b.ts"
        change.importMapPath = "./map.json"
        change.sha256 = before.sha256
        let after = try await update([change], seconds: 22)
        var expected = before
        expected.name = "Changing"
        expected.verifyJWT = false
        expected.entrypointPath = "b.ts"
        expected.importMapPath = "map.json"
        expected.updatedAt = start + .seconds(22)
        try promise("an update changes what it names, and no version", after == [expected])
        let stored = try await store.function("changing", of: ref)
        try promise("it is stored", stored?.function == expected && stored?.files.count == 3)

        let unknown = try await refusal { _ = try await update([FunctionUpdate(slug: "nothing")], seconds: 23) }
        try promise("what is not there cannot be changed", unknown == .notFound(slug: "nothing"))
        for (version, sha256, path) in [
            (2, nil, nil), (0, nil, nil), (1, String(repeating: "9", count: 64), nil), (1, nil, "c.ts"),
        ] as [(Int, String?, String?)] {
            var wrong = FunctionUpdate(slug: "changing", version: version)
            wrong.sha256 = sha256
            wrong.entrypointPath = path
            let refused = try await refusal { [wrong] in _ = try await update([wrong], seconds: 23) }
            guard case .invalid = refused else { throw ContractViolation("a wrong update is refused: \(refused)") }
        }
        try promise("refused updates leave no trace", try await store.function("changing", of: ref) == stored)
    }

    func checkAllOrNothing() async throws {
        let before = try await store.functions(of: ref)
        var first = FunctionUpdate(slug: "changing")
        first.name = "Never"
        _ = try await refusal { [first] in
            _ = try await update([first, FunctionUpdate(slug: "nothing")], seconds: 30)
        }
        try promise("of several updates all are made or none", try await store.functions(of: ref) == before)
        var second = FunctionUpdate(slug: "first")
        second.name = "Both"
        let both = try await update([first, second], seconds: 31)
        try promise("in their order", both.map(\.name) == ["Never", "Both"])
        try promise("no update is one, too", try await update([], seconds: 32) == [])
    }

    func checkDeletion() async throws {
        _ = try await put(
            FunctionStoreContract.deployment("first", [file("later.ts")], id: 11), as: .bundle, seconds: 40)
        try promise("a function can be deleted", try await store.delete("first", of: ref))
        try promise("once", try await store.delete("first", of: ref) == false)
        try promise("and is gone", try await store.function("first", of: ref) == nil)
        let gone = try await refusal { _ = try await update([FunctionUpdate(slug: "first", version: 4)], seconds: 41) }
        try promise("with its bundle", gone == .notFound(slug: "first"))
        let again = try await put(FunctionStoreContract.deployment("first", [file("i.ts")], id: 12), seconds: 42)
        try promise("its versions restart at 1", again.version == 1 && again.id.hasSuffix("12"))
        try promise("what is not there is not deleted", try await store.delete("nothing", of: ref) == false)
        try promise("nor in another project", try await store.delete("first", of: other) == false)
    }

    func checkRoom() async throws {
        for number in 0..<FunctionLimits.functionsMax {
            let stage: FunctionStage = number % 2 == 0 ? .live : .bundle
            _ = try await put(
                FunctionStoreContract.deployment("f\(number)", [file("i.ts")], id: 13), as: stage, of: other,
                seconds: 50)
        }
        for stage in FunctionStage.allCases {
            let refused = try await refusal {
                _ = try await put(
                    FunctionStoreContract.deployment("more", [file("i.ts")]), as: stage, of: other, seconds: 51)
            }
            guard case .tooMuch = refused else { throw ContractViolation("a project has a limit: \(refused)") }
        }
        let next = try await put(
            FunctionStoreContract.deployment("f0", [file("i.ts")]), of: other, seconds: 52)
        try promise("what is there can be deployed again at the limit", next.version == 2)
        try promise("one is deleted", try await store.delete("f0", of: other))
        _ = try await put(FunctionStoreContract.deployment("more", [file("i.ts")]), of: other, seconds: 53)
    }
}
