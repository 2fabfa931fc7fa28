import CurlKit
import DockerEngine
import HTTPStub
import Testing

@Suite("Logs and commands on the wire")
struct OutputWireTests {
    @Test("frames are put together wherever the wire cuts them")
    func framesCutEverywhere() async throws {
        let bytes = outputFrame(1, "hello") + outputFrame(2, "oops") + outputFrame(1, "") + outputFrame(0, "!")
        try await withStubEngine { request in
            let cut = request.query("tail").flatMap { Int($0) } ?? 0
            return [
                .head(200), .send(Array(bytes[..<cut])), .pause(milliseconds: 2), .send(Array(bytes[cut...])), .close,
            ]
        } test: { docker, stub async throws in
            for cut in 0...bytes.count {
                let output = try await docker.logs(of: "a1", LogQuery(tailLines: cut))
                #expect(output.text(of: .standardOutput) == "hello!", "cut at \(cut)")
                #expect(output.text(of: .standardError) == "oops", "cut at \(cut)")
            }
        }
    }

    @Test("the parameters of logs say which part is wanted")
    func logParameters() async throws {
        try await withStubEngine { _ in
            [.head(200), .close]
        } test: { docker, stub async throws in
            let moment = EngineTimestamp(secondsSince1970: 1_700_000_000, nanoseconds: 42)
            _ = try await docker.logs(of: "a1", LogQuery(tailLines: 3, since: moment, hasTimestamps: true))
            for try await _ in try await docker.followLogs(of: "a1") {}
            #expect(
                stub.calls.map(\.summary) == [
                    "GET /v1.41/containers/a1/logs follow=false stdout=true stderr=true timestamps=true tail=3 "
                        + "since=1700000000.000000042",
                    "GET /v1.41/containers/a1/logs follow=true stdout=true stderr=true timestamps=false tail=all",
                ])
        }
    }

    @Test("a terminal's output is taken as it is")
    func terminal() async throws {
        try await withStubEngine { _ in
            [.head(200), .text("plain text\r\n"), .close]
        } test: { docker, stub async throws in
            #expect(try await docker.logs(of: "a1", LogQuery(hasTerminal: true)).text == "plain text\r\n")
            let error = await dockerError { _ = try await docker.logs(of: "a1") }
            guard case .decoding(let reason, _) = error else { throw error ?? .invalidArgument("none") }
            #expect(reason.contains("terminal"))
        }
    }

    @Test(
        "an end within a frame, and a failure that the engine reports in one, are errors",
        arguments: [
            (Array(outputFrame(1, "hello").dropLast()), "ends within a frame"), ([1, 0, 0], "ends within a frame"),
            (outputFrame(1, "ok") + outputFrame(3, "disk is full"), "disk is full"),
            ([9, 0, 0, 0, 0, 0, 0, 1, 65], "no frames"),
        ] as [([UInt8], String)])
    func brokenFrames(_ bytes: [UInt8], _ words: String) async throws {
        try await withStubEngine { _ in
            [.head(200), .send(bytes), .close]
        } test: { docker, stub async throws in
            let error = await dockerError { _ = try await docker.logs(of: "a1") }
            #expect(error?.description.contains(words) == true)
        }
    }

    @Test("output beyond the limit is cut off and the connection closed")
    func outputLimit() async throws {
        try await withStubEngine { _ in
            [.head(200), .send([1, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]), .fill(bytes: 0x7fff_ffff)]
        } test: { docker, stub async throws in
            let output = try await docker.logs(of: "a1", limitBytes: 50_000)
            #expect(output.isCutOff)
            #expect(output.text.count == 50_000)
            #expect(await stub.eventually { $0.closedByPeer >= 1 })
            #expect(stub.sentBytes < 50_000_000)
        }
    }

    @Test("a command is prepared, run and asked for its exit code")
    func exec() async throws {
        try await withStubEngine { request in
            switch request.path {
            case "/v1.41/containers/a1/exec": [.response(201, #"{"Id": "e1"}"#)]
            case "/v1.41/exec/e1/start": [.head(200), .send(outputFrame(1, "out") + outputFrame(2, "err")), .close]
            default: [.response(200, #"{"Running": false, "ExitCode": 3, "Pid": 1}"#)]
            }
        } test: { docker, stub async throws in
            let spec = ExecSpec(
                ["sh", "-c", "x"], environment: ["B": "2", "A": "1"], user: "u", workingDirectory: "/w")
            let result = try await docker.runExec(in: "a1", spec)
            #expect(result.exitCode == 3)
            #expect(result.output.text(of: .standardOutput) == "out")
            #expect(result.output.text(of: .standardError) == "err")
            #expect(
                stub.calls.map(\.summary) == [
                    "POST /v1.41/containers/a1/exec", "POST /v1.41/exec/e1/start", "GET /v1.41/exec/e1/json",
                ])
            #expect(
                try stub.calls[0].sortedBody
                    == sortedJSON(
                        #"""
                        {"Cmd": ["sh", "-c", "x"], "Env": ["A=1", "B=2"], "User": "u", "WorkingDir": "/w",
                         "AttachStdout": true, "AttachStderr": true}
                        """#))
            #expect(stub.calls[1].bodyText == #"{"Detach":false,"Tty":false}"#)
        }
    }

    @Test("a command that does not end runs into its deadline")
    func execDeadline() async throws {
        try await withStubEngine { _ in
            [.head(200), .send(outputFrame(1, "out")), .hang]
        } test: { docker, stub async throws in
            let error = await dockerError { _ = try await docker.startExec("e1", timeout: .milliseconds(100)) }
            guard case .transport(let cause) = error else { throw error ?? .invalidArgument("none") }
            #expect(cause.code == .timedOut)
            #expect(await stub.eventually { $0.closedByPeer >= 1 })
        }
    }
}
