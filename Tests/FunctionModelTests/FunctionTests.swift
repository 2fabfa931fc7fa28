import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import FunctionModel

@Suite("Rules of Edge Functions")
struct FunctionTests {
    private let time = Timestamp(milliseconds: 5)

    private func file(_ path: String, bytes: Int = 1) -> FunctionFile {
        FunctionFile(path: path, bytes: [UInt8](repeating: 7, count: bytes))
    }

    private func draft(
        _ slug: String = "hello", _ files: [FunctionFile], entry: String = "index.ts", map: String? = nil
    ) -> FunctionDraft {
        FunctionDraft(slug: slug, entrypointPath: entry, importMapPath: map, files: files)
    }

    /// Not a hash, but different for different bytes, and it shows what was hashed.
    private func check(_ draft: FunctionDraft) throws -> FunctionDeployment {
        try FunctionRules.deployment(draft, newID: "id") { bytes throws(FunctionError) in
            "<" + String(decoding: bytes, as: UTF8.self) + ">"
        }
    }

    private func isInvalid(_ draft: FunctionDraft) -> Bool {
        do { _ = try check(draft) } catch let error as FunctionError {
            if case .invalid(let text) = error { return !text.isEmpty }
        } catch {}
        return false
    }

    @Test("the store in memory does what every store does")
    func contract() async throws {
        let projects = try await knownProjects()
        try await FunctionStoreContract.run(
            on: InMemoryFunctionStore(projects: projects), refs: [.sample(1), .sample(2)], unknown: .sample(3))
    }

    @Test("a slug is a letter and up to 63 letters, digits, _ or -, and not the router's")
    func slugs() throws {
        for slug in ["a", "Z", "hello", "Hello-World_2", String(repeating: "a", count: 64), "mains", "Main"] {
            try FunctionRules.checkSlug(slug)
        }
        for slug in [
            "", "main", "1a", "-a", "_a", "a.b", "a/b", "a b", "é", "aé", "a\0", "..", "a\n", "@a", "[a", "`a", "{a",
            String(repeating: "a", count: 65),
        ] {
            #expect(throws: FunctionError.self, "\(slug)") { try FunctionRules.checkSlug(slug) }
        }
    }

    @Test("a path is relative and plain; a leading ./ is taken off")
    func paths() throws {
        for (text, cleaned) in [
            ("index.ts", "index.ts"), ("./index.ts", "index.ts"), ("a/b/c.ts", "a/b/c.ts"), ("ü 🎈/x", "ü 🎈/x"),
            ("...", "..."), (".env", ".env"), ("a/.supamanager.json", "a/.supamanager.json"),
            (String(repeating: "a/", count: 255) + "aa", String(repeating: "a/", count: 255) + "aa"),
        ] {
            #expect(try FunctionPath.cleaned(text) == cleaned)
        }
        for text in [
            "", "/", "/a", "./", ".", "..", "../a", "a/..", "a/../b", "a/./b", "././a", "a//b", "a/", "a\\b", "a\0b",
            "a\nb",
            "a\u{7f}", "./../a", ".supamanager.json", "./.supamanager.json", String(repeating: "a", count: 256),
            String(repeating: "a/", count: 255) + "aaa",
        ] {
            #expect(throws: FunctionError.self, "\(text)") { try FunctionPath.cleaned(text) }
        }
    }

    @Test("a path in an error message is short and on one line")
    func quoted() {
        #expect(FunctionPath.quoted("a\nb\u{1b}[0m") == "\"a?b?[0m\"")
        #expect(FunctionPath.quoted(String(repeating: "a", count: 1_000)).count == 82)
    }

    @Test("random paths never leave the folder that they are put into", arguments: UInt64(0)..<4)
    func pathProperty(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let parts = ["a", "..", ".", "", "b.ts", "/", "\\", "~", "...", "\0", " "]
        for _ in 0..<2_000 {
            let text = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                parts[Int.random(in: 0..<parts.count, using: &generator)]
            }.joined(separator: "/")
            guard let path = try? FunctionPath.cleaned(text) else { continue }
            let names = path.split(separator: "/", omittingEmptySubsequences: false)
            #expect(!path.hasPrefix("/") && !names.contains("..") && !names.contains(".") && !names.contains(""))
            #expect((try? FunctionPath.cleaned(path)) == path)
        }
    }

    @Test("files are stored by path, with a hash over all of them and the two paths")
    func deployment() throws {
        let files = [file("./z.ts"), file("a/b.ts"), file("index.ts")]
        let checked = try check(draft("hello", files, entry: "./index.ts", map: "a/b.ts"))
        #expect(checked.files.map(\.path) == ["a/b.ts", "index.ts", "z.ts"])
        #expect(checked.entrypointPath == "index.ts" && checked.importMapPath == "a/b.ts" && checked.byteCount == 3)
        #expect(
            checked.sha256
                == "<<\u{7}>  a/b.ts\n<\u{7}>  index.ts\n<\u{7}>  z.ts\nentrypoint index.ts\nimport map a/b.ts>")
        #expect(try check(draft("hello", files.reversed(), map: "a/b.ts")).sha256 == checked.sha256)
        #expect(try check(draft("hello", files)).sha256 != checked.sha256)
        #expect(try check(draft("hello", files, entry: "z.ts", map: "a/b.ts")).sha256 != checked.sha256)
    }

    @Test("what cannot be deployed is refused with a reason")
    func refusals() {
        let index = file("index.ts")
        let many = (0..<100).map { file("f\($0)") }
        #expect(!isInvalid(draft("a", [index] + many.dropLast())))
        #expect(isInvalid(draft("a", [index] + many)))
        #expect(isInvalid(draft("a", [])))
        #expect(isInvalid(draft("main", [index])))
        #expect(isInvalid(draft("a", [index], entry: "other.ts")))
        #expect(isInvalid(draft("a", [index], entry: "../index.ts")))
        #expect(isInvalid(draft("a", [index], map: "map.json")))
        #expect(isInvalid(draft("a", [index, file("./index.ts")])))
        #expect(isInvalid(draft("a", [index, file("index.ts/a")])))
        #expect(isInvalid(draft("a", [index, file("d/e"), file("d-x"), file("d")])))
        #expect(!isInvalid(draft("a", [index, file("d/e"), file("d-x"), file("dd")])))
        #expect(isInvalid(draft("a", [index, file("../x")])))
        #expect(!isInvalid(draft("a", [file("index.ts", bytes: FunctionLimits.bytesMax - 1), file("b")])))
        #expect(isInvalid(draft("a", [file("index.ts", bytes: FunctionLimits.bytesMax), file("b")])))
        var named = draft("a", [index])
        for (name, isBad) in [("", true), ("a\nb", true), (String(repeating: "é", count: 256), false)] {
            named.name = name
            #expect(isInvalid(named) == isBad)
        }
        // One character to a reader, and as many bytes as its sender likes.
        let marks = "e" + String(repeating: "\u{301}", count: 1_000_000)
        for name in [String(repeating: "a", count: 257), marks] {
            named.name = name
            #expect(isInvalid(named))
        }
    }

    @Test("a project holds a number of functions and of bytes, and not one more")
    func room() throws {
        let deployment = try check(draft("a", [file("index.ts", bytes: 10)]))
        try FunctionRules.checkRoom(
            FunctionUse(
                functions: FunctionLimits.functionsMax - 1, bytes: FunctionLimits.projectBytesMax - 10),
            for: deployment)
        for use in [
            FunctionUse(functions: FunctionLimits.functionsMax, bytes: 0),
            FunctionUse(functions: 0, bytes: FunctionLimits.projectBytesMax - 9),
        ] {
            #expect(throws: FunctionError.self) { try FunctionRules.checkRoom(use, for: deployment) }
        }
    }

    @Test("the plan writes what differs, removes what is no function, and leaves the rest alone")
    func plan() throws {
        let functions = try ["same", "changed", "new"].map { slug in
            FunctionRules.next(
                try check(draft(slug, [file("index.ts")])), live: nil, bundle: nil, of: .sample(1), at: time)
        }
        let plan = FunctionPlan(
            wanted: functions, present: ["same": functions[0].stamp, "changed": "other", "old": "x", "older": "x"])
        #expect(plan.written == ["changed", "new"] && plan.removed == ["old", "older"])
    }

    @Test("the stamp changes with every change of a function")
    func stamps() throws {
        let one = FunctionRules.next(
            try check(draft("a", [file("index.ts")])), live: nil, bundle: nil, of: .sample(1), at: time)
        var others = [one, one, one, one]
        others[0].version = 2
        others[1].updatedAt = Timestamp(milliseconds: 6)
        others[2].sha256 = "x"
        others[3].id = "y"
        #expect(Set((others + [one]).map(\.stamp)).count == 5)
    }
}

/// A store with the projects 1 and 2.
func knownProjects() async throws -> InMemoryProjectStore {
    let store = InMemoryProjectStore()
    for number in [1, 2] {
        let subnet = try #require(
            IPv4Network(containing: IPv4Address(number: 0x0AC9_0000 + UInt32(number) * 32), prefixLength: 27))
        _ = try await store.insert(
            NewProject(
                ref: .sample(UInt64(number)), name: try ProjectName("project \(number)"), organizationSlug: "default",
                region: "local", cloudProvider: "AWS", services: [.db],
                leases: Leases(ports: ["GATEWAY_PORT": UInt16(50_000 + number)], subnet: subnet),
                secrets: SealedSecrets(wrappedKey: [1], values: [:]), at: Timestamp(milliseconds: 1_000)))
    }
    return store
}
