import DataPlaneCore
import Testing

@testable import FunctionsAPI

@Suite("Starts of functions")
struct LaunchTests {
    private func version(_ marker: String) -> FunctionVersion? {
        FunctionFolder.version(marker: Array(marker.utf8), slug: "hello", folder: "/f/hello")
    }

    @Test("a marker names the version")
    func marker() {
        let full = #"{"stamp":"s","verify_jwt":false,"entrypoint_path":"src/a.ts","import_map_path":"deno.json"}"#
        #expect(
            version(full)
                == FunctionVersion(
                    slug: "hello", folder: "/f/hello", stamp: "s", verifiesTokens: false, entrypoint: "src/a.ts",
                    importMap: "deno.json"))
        #expect(version(#"{"stamp":"s","verify_jwt":true,"entrypoint_path":"index.ts"}"#)?.importMap == nil)
    }

    @Test(
        "a marker that says something else is none",
        arguments: [
            "", "[]", #"{"verify_jwt":true,"entrypoint_path":"index.ts"}"#, #"{"stamp":"s","entrypoint_path":"a"}"#,
            #"{"stamp":"s","verify_jwt":"false","entrypoint_path":"a"}"#, #"{"stamp":"s","verify_jwt":true}"#,
            #"{"stamp":"s","verify_jwt":true,"entrypoint_path":"../a"}"#,
            #"{"stamp":"s","verify_jwt":true,"entrypoint_path":"/a"}"#,
            #"{"stamp":"s","verify_jwt":true,"entrypoint_path":"a","import_map_path":"b/./c"}"#,
        ])
    func badMarker(text: String) { #expect(version(text) == nil) }

    private func launch(_ map: String? = nil, executionID: String = "id") throws -> FunctionLaunch {
        var configuration = FunctionConfiguration(program: "/deno", workFolder: "/temp")
        configuration.reachable = ["api:8000"]
        configuration.environment = ["OWN": "1", "SUPABASE_URL": "http://api:8000"]
        configuration.limits.memoryBytesMax = 150 << 20
        let version = FunctionVersion(
            slug: "hello", folder: "/f/hello", stamp: "s", entrypoint: "a b.ts",
            importMap: map == nil ? nil : "m/map.json")
        return try FunctionLaunch(
            version, executionID: executionID, importMap: map.map { Array($0.utf8) }, in: configuration)
    }

    @Test("a process is granted its files, its socket, its variables and the project, and nothing else")
    func grants() throws {
        let launch = try launch()
        #expect(launch.socket == "/temp/id/s" && launch.program == "/deno")
        #expect(
            launch.arguments.filter { $0.hasPrefix("--allow") } == [
                "--allow-net=unix:/temp/id/s,api:8000", "--allow-read=/temp/id/s,/f/hello", "--allow-write=/temp/id/s",
                "--allow-env",
            ])
        #expect(
            launch.environment.keys.sorted() == [
                "DENO_DEPLOYMENT_ID", "DENO_DIR", "DENO_NO_UPDATE_CHECK", "DENO_SERVE_ADDRESS", "HOME", "NO_COLOR",
                "OWN",
                "SB_EXECUTION_ID", "SB_REGION", "SUPABASE_FUNCTION_SLUG", "SUPABASE_URL",
            ])
        for flag in ["--no-prompt", "--no-remote", "--no-npm", "--cached-only", "--no-config", "--no-lock"] {
            #expect(launch.arguments.contains(flag))
        }
        #expect(launch.arguments.contains("--v8-flags=--max-old-space-size=100"))
        #expect(launch.environment["DENO_SERVE_ADDRESS"] == "unix:/temp/id/s")
        #expect(launch.environment["DENO_DIR"] == "/temp/cache/hello.s" && launch.cache == "/temp/cache/hello.s")
        #expect(launch.environment["OWN"] == "1" && launch.environment["SB_EXECUTION_ID"] == "id")
        #expect(launch.files["/temp/cache/hello.s/main.ts"]?.contains(#""file:///f/hello/a%20b.ts""#) == true)
    }

    @Test("all starts of a version have the same files, so that nothing is made of them twice")
    func again() throws {
        let (first, second) = (try launch(executionID: "one"), try launch(executionID: "two"))
        #expect(first.files == second.files && first.cache == second.cache && first.folder != second.folder)
        #expect(first.files.keys.allSatisfy { $0.hasPrefix(first.cache + "/") })
        #expect(first.arguments.last == "/temp/cache/hello.s/main.ts" && first.arguments.last == second.arguments.last)
        #expect(first.arguments.contains("--import-map=/temp/cache/hello.s/import_map.json"))
    }

    @Test("what was made of earlier versions and of deleted functions is outdated, and nothing else")
    func outdated() throws {
        let launch = try launch()
        #expect(launch.functions == "/f")
        let names = ["hello.r", "hello.s", "hello-2.r", "gone.t", "hello", "gone"]
        #expect(
            names.filter { launch.isOutdated(cache: $0, deployed: ["hello", "hello-2", ".new-gone"]) }
                == ["hello.r", "gone.t"])
    }

    @Test("an import map is read as it was meant in its folder")
    func importMap() throws {
        let own =
            #"{"imports":{"a":"./a.ts","b/":"../b/","c":"jsr:@c/c","./d.ts":"/e.ts"},"scopes":{"./s/":{"a":"./z.ts"}}}"#
        let text = try #require(try launch(own).files["/temp/cache/hello.s/import_map.json"])
        let map = try JSONText(Array(text.utf8))
        #expect(map["imports"]?["a"] == .string("file:///f/hello/m/a.ts"))
        #expect(map["imports"]?["b/"] == .string("file:///f/hello/b/"))
        #expect(map["imports"]?["c"] == .string("jsr:@c/c"))
        #expect(map["imports"]?["file:///f/hello/m/d.ts"] == .string("/e.ts"))
        #expect(map["scopes"]?["file:///f/hello/m/s/"]?["a"] == .string("file:///f/hello/m/z.ts"))
        #expect(
            map["imports"]?["jsr:@supabase/functions-js/edge-runtime.d.ts"] == .string("file:///temp/empty.ts"))
        #expect(throws: FunctionRefusal.bootError(retrySeconds: nil)) { try launch("// no JSON") }
    }

    @Test("functions see neither the service's settings nor what steers programs")
    func environment() {
        let given = [
            "PROJECTD_X": "1", "DENO_DIR": "1", "LD_PRELOAD": "1", "PATH": "1", "HOSTNAME": "1", "NODE_OPTIONS": "1",
            "OWN": "1", "SUPABASE_URL": "2", "MY_PATH": "3",
        ]
        #expect(FunctionConfiguration.passedOn(given) == ["OWN": "1", "SUPABASE_URL": "2", "MY_PATH": "3"])
    }

    @Test("what Linux tells of a process")
    func use() {
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 6 0 100 1000 8000"
        #expect(
            ProcessUse(stat: stat, statm: "30000 9000 5000 1 0 1 0\n")
                == ProcessUse(processorSeconds: 2, memoryBytes: 4_000 * 4_096))
        #expect(ProcessUse(stat: "42 no", statm: "1 2 3") == nil)
        #expect(ProcessUse(stat: stat, statm: "1 2") == nil)
    }

    @Test("how a process ended tells why")
    func exits() {
        let limits = FunctionLimits()
        let memory = FunctionRefusal.limit(.memory(bytesMax: limits.memoryBytesMax))
        for signal: Int32 in [5, 6, 9] { #expect(ProcessExit.signal(signal).refusal(limits) == memory) }
        for exit in [ProcessExit.code(0), .code(1), .signal(11), .signal(15)] {
            #expect(exit.refusal(limits) == .workerError)
        }
    }
}

@Suite("Table of processes")
struct FunctionTableTests {
    private var table = FunctionTable(limits: FunctionLimits())

    /// Starts a process of a function and lets it listen.
    private mutating func run(_ id: String, of slug: String, stamp: String = "1", at now: Double = 0) {
        #expect(table.admit(slug: slug, stamp: stamp, at: now) == .start(evicting: nil))
        table.add(id, slug: slug, stamp: stamp, at: now)
        table.listens(id, processorSeconds: 0.1, at: now)
    }

    private func use(_ seconds: Double, _ bytes: Int = 0) -> ProcessUse {
        ProcessUse(processorSeconds: seconds, memoryBytes: bytes)
    }

    @Test("the first request starts a process, others wait for it and share it")
    mutating func sharing() {
        #expect(table.admit(slug: "a", stamp: "1", at: 0) == .start(evicting: nil))
        table.add("p", slug: "a", stamp: "1", at: 0)
        #expect(table.admit(slug: "a", stamp: "1", at: 0) == .wait)
        table.listens("p", processorSeconds: 0, at: 1)
        table.wake("a")
        #expect(table.admit(slug: "a", stamp: "1", at: 1) == .run("p"))
        #expect(table.admit(slug: "a", stamp: "1", at: 1) == .run("p"))
        #expect(table.entries["p"]?.inFlight == 2)
    }

    @Test("requests are bounded, those that wait included")
    mutating func bound() {
        for _ in 0..<3 { _ = table.admit(slug: "a", stamp: "1", at: 0) }
        table.add("p", slug: "a", stamp: "1", at: 0)
        for _ in 0..<table.limits.requestsMax { #expect(table.admit(slug: "a", stamp: "1", at: 0) == .wait) }
        #expect(table.admit(slug: "a", stamp: "1", at: 0) == .refused(.busy))
        #expect(table.admit(slug: "b", stamp: "1", at: 0) == .start(evicting: nil))
    }

    @Test("a new version starts a process, and the old one ends once it has answered")
    mutating func versions() {
        run("old", of: "a")
        #expect(table.admit(slug: "a", stamp: "1", at: 1) == .run("old"))
        #expect(table.admit(slug: "a", stamp: "2", at: 2) == .start(evicting: nil))
        table.add("new", slug: "a", stamp: "2", at: 2)
        #expect(table.due([:], at: 100) == [])
        table.leave("old", answered: true, processorSeconds: 0.2, at: 100)
        #expect(table.due([:], at: 100 + table.limits.drainSecondsMax - 1) == [])
        #expect(table.due([:], at: 100 + table.limits.drainSecondsMax) == [.stop("old")])
    }

    @Test("an answer without end keeps an old process for a while only")
    mutating func endlessAnswer() {
        let limits = table.limits
        run("p", of: "a")
        #expect(table.admit(slug: "a", stamp: "1", at: 399) == .run("p"))
        #expect(table.due([:], at: limits.ageSecondsMax) == [] && table.entries["p"]?.phase == .draining)
        let end = limits.ageSecondsMax + limits.answerSecondsMax
        #expect(table.due([:], at: end - 1) == [] && table.due([:], at: end) == [.stop("p")])
    }

    @Test("a request that is given up takes its own share of processor time along, and no more")
    mutating func givenUp() {
        let limits = table.limits
        run("p", of: "a")
        for _ in 0..<2 { #expect(table.admit(slug: "a", stamp: "1", at: 0) == .run("p")) }
        table.leave("p", answered: false, processorSeconds: 1.6, at: 1)
        #expect(table.entries["p"]?.processorBase == 1.6)
        #expect(table.due(["p": use(1.6 + limits.processorSecondsMax)], at: 1) == [])
        #expect(table.admit(slug: "a", stamp: "1", at: 1) == .run("p"))
        table.leave("p", answered: false, processorSeconds: 100, at: 2)
        #expect(table.entries["p"]?.processorBase == 1.6 + limits.processorSecondsMax)
        #expect(table.due(["p": use(100)], at: 2).count == 1)
        table.leave("p", answered: false, processorSeconds: nil, at: 3)
        #expect(table.entries["p"]?.processorBase == 1.6 + limits.processorSecondsMax)
    }

    @Test("idle processes end, old ones take nothing more")
    mutating func life() {
        run("p", of: "a")
        #expect(table.admit(slug: "a", stamp: "1", at: 0) == .run("p"))
        #expect(table.due([:], at: 59) == [])
        table.leave("p", answered: true, processorSeconds: 0.1, at: 59)
        #expect(table.due([:], at: 118) == [] && table.due([:], at: 119) == [.stop("p")])
        #expect(table.admit(slug: "a", stamp: "1", at: 119) == .run("p"))
        #expect(table.due([:], at: table.limits.ageSecondsMax) == [])
        #expect(table.entries["p"]?.phase == .draining)
        #expect(table.admit(slug: "a", stamp: "1", at: 401) == .start(evicting: nil))
    }

    @Test("memory is bounded at every moment, processor time for each request")
    mutating func excess() {
        let limits = table.limits
        run("p", of: "a")
        #expect(table.due(["p": use(0, limits.memoryBytesMax)], at: 1) == [])
        let memory = FunctionRefusal.limit(.memory(bytesMax: limits.memoryBytesMax))
        #expect(table.due(["p": use(0, limits.memoryBytesMax + 1)], at: 1) == [.kill("p", memory)])
        let processor = FunctionRefusal.limit(.processor(secondsMax: limits.processorSecondsMax))
        #expect(table.due(["p": use(2.0)], at: 1) == [] && table.due(["p": use(2.2)], at: 1) == [.kill("p", processor)])
        for _ in 0..<3 { _ = table.admit(slug: "a", stamp: "1", at: 1) }
        #expect(table.due(["p": use(6.0)], at: 1) == [] && table.due(["p": use(6.2)], at: 1) == [.kill("p", processor)])
        table.leave("p", answered: true, processorSeconds: 5, at: 1)
        #expect(table.due(["p": use(8.9)], at: 1) == [] && table.due(["p": use(9.1)], at: 1) == [.kill("p", processor)])
        table.leave("p", answered: false, processorSeconds: 8, at: 1)
        #expect(table.due(["p": use(9.0)], at: 1) == [] && table.due(["p": use(9.1)], at: 1) == [.kill("p", processor)])
    }

    @Test("a start has processor time of its own")
    mutating func boot() {
        table.add("p", slug: "a", stamp: "1", at: 0)
        #expect(table.due(["p": use(table.limits.bootSecondsMax)], at: 5) == [])
        #expect(table.due(["p": use(table.limits.bootSecondsMax + 1)], at: 5).count == 1)
    }

    @Test("the longest idle process makes room; where all work, a start is refused")
    mutating func room() {
        let count = table.limits.processesMax
        for number in 0..<count { run("p\(number)", of: "f\(number)", at: Double(number)) }
        #expect(table.admit(slug: "f0", stamp: "1", at: 10) == .run("p0"))
        #expect(table.admit(slug: "x", stamp: "1", at: 10) == .start(evicting: "p1"))
        for number in 1..<count { #expect(table.admit(slug: "f\(number)", stamp: "1", at: 11) == .run("p\(number)")) }
        #expect(table.admit(slug: "x", stamp: "1", at: 12) == .refused(.busy))
    }

    private mutating func fail(_ stamp: String, at now: Double) {
        table.add("p", slug: "a", stamp: stamp, at: now)
        table.remove("p", failed: true, at: now)
    }

    @Test("failures in a row make starts wait, longer each time; an answer or a new version ends that")
    mutating func backOff() {
        #expect([1, 2, 3, 4, 5, 7, 8, 30].map(FunctionLimits.backOff) == [0, 0, 1, 2, 4, 16, 30, 30])
        for _ in 0..<3 {
            #expect(table.admit(slug: "a", stamp: "1", at: 0) == .start(evicting: nil))
            fail("1", at: 0)
        }
        #expect(table.admit(slug: "a", stamp: "1", at: 0.5) == .refused(.bootError(retrySeconds: 1)))
        #expect(table.admit(slug: "a", stamp: "1", at: 1) == .start(evicting: nil))
        #expect(table.admit(slug: "a", stamp: "2", at: 0.5) == .start(evicting: nil))
        for _ in 0..<2 { fail("2", at: 1) }
        table.add("q", slug: "a", stamp: "2", at: 1)
        table.listens("q", processorSeconds: 0, at: 1)
        #expect(table.admit(slug: "a", stamp: "2", at: 1) == .run("q"))
        table.leave("q", answered: true, processorSeconds: 0, at: 1)
        table.remove("q", failed: true, at: 1)
        #expect(table.admit(slug: "a", stamp: "2", at: 1) == .start(evicting: nil))
    }

    @Test("what nothing depends on is forgotten")
    mutating func forgetting() {
        run("p", of: "a")
        table.forget(at: 1_000)
        #expect(table.records.keys.sorted() == ["a"])
        table.remove("p", failed: false, at: 1_000)
        table.forget(at: 1_000)
        #expect(table.records.isEmpty && table.entries.isEmpty)
    }
}
