import CurlKit
import DockerEngine
import Testing

@Suite("Containers on a real engine", .enabled(if: LiveEngine.isAvailable, LiveEngine.reason))
struct LiveContainerTests {
    @Test("a container is created, started, stopped and removed, and each step shows")
    func lifecycle() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let created = try await docker.createContainer(engine.spec("life", "echo out; echo err >&2; sleep 600"))
            #expect(try await docker.inspectContainer(created.id).state.status == .created)
            #expect(try await docker.inspectContainer(created.id).state.startedAt == nil)
            #expect(try await docker.startContainer(created.id) == .changed)
            #expect(try await docker.startContainer(created.id) == .unchanged)
            let running = try await docker.inspectContainer(engine.name("life"))
            #expect(running.id == created.id)
            #expect(running.name == engine.name("life"))
            #expect(running.image == LiveEngine.imageName)
            #expect(running.state.isRunning)
            #expect(running.state.processID > 0)
            #expect(running.state.finishedAt == nil)
            let listed = try #require(try await docker.listContainers(labels: engine.filter).first)
            #expect(listed.id == created.id)
            #expect(listed.name == engine.name("life"))
            #expect(listed.state == .running)
            #expect(listed.status.hasPrefix("Up"))
            #expect(try await docker.stopContainer(created.id, timeoutSeconds: 0) == .changed)
            #expect(try await docker.stopContainer(created.id, timeoutSeconds: 0) == .unchanged)
            let stopped = try await docker.inspectContainer(created.id)
            #expect(stopped.state.status == .exited)
            #expect(stopped.state.exitCode == 137)
            #expect(try #require(stopped.state.finishedAt) > (try #require(stopped.state.startedAt)))
            #expect(try await docker.listContainers(labels: engine.filter, includesStopped: false).isEmpty)
            try await docker.restartContainer(created.id, timeoutSeconds: 0)
            #expect(try await docker.inspectContainer(created.id).state.isRunning)
            #expect(await dockerError { try await docker.removeContainer(created.id) }?.isConflict == true)
            try await docker.removeContainer(created.id, force: true)
            let gone = await dockerError { _ = try await docker.inspectContainer(created.id) }
            #expect(gone?.isNotFound == true)
            #expect(gone?.isNoSuchImage == false)
            #expect(await dockerError { try await docker.removeContainer(created.id) }?.isNotFound == true)
        }
    }

    @Test("what a specification says arrives inside the container")
    func specification() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            var spec = engine.spec(
                "spec",
                "id -u; id -g; pwd; cat /etc/hostname; echo $SECRET; test -w / || echo read-only; stat -c %a /mem; "
                    + "cat /proc/self/limits; ls /vol; grep -c special /etc/hosts; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; "
                    + "grep CapEff /proc/self/status; cat /proc/1/comm")
            spec.environment = ["SECRET": "a=b \"c\" ü"]
            spec.user = "1234:4321"
            spec.workingDirectory = "/tmp"
            spec.hostname = "inside"
            spec.healthcheck = .disabled
            spec.stopSignal = "SIGINT"
            spec.exposedPorts = [ContainerPort(9000), ContainerPort(53, .udp)]
            spec.host.isReadOnly = true
            spec.host.mounts = [
                MountSpec(.tmpfs(sizeBytes: 1_000_000, mode: 0o1777), target: "/mem"),
                MountSpec(.bind(path: "/usr/bin"), target: "/vol", isReadOnly: true),
            ]
            spec.host.temporaryFileSystems = ["/short": "size=64k"]
            spec.host.restartPolicy = .onFailure(maximumRetries: 2)
            spec.host.log = LogSpec(driver: "json-file", options: ["max-size": "1m", "max-file": "2"])
            spec.host.resources = ResourceSpec(
                memoryBytes: 64 << 20, memoryAndSwapBytes: 64 << 20, memoryReservationBytes: 32 << 20,
                nanoCPUs: 500_000_000, processes: 50, sharedMemoryBytes: 1 << 20,
                ulimits: [.init(name: "nofile", soft: 333, hard: 444)])
            spec.host.droppedCapabilities = ["ALL"]
            spec.host.addedCapabilities = ["CHOWN"]
            spec.host.securityOptions = ["no-new-privileges:true"]
            spec.host.usesInit = true
            spec.host.extraHosts = ["special:10.9.8.7"]
            spec.host.kernelParameters = ["net.ipv4.ip_unprivileged_port_start": "80"]
            let id = try await engine.start(spec)
            #expect(try await docker.exitCode(of: id) == 0)
            let text = try await docker.logs(of: id).text
            let lines = text.split(separator: "\n").map { String($0) }
            #expect(lines.prefix(5) == ["1234", "4321", "/tmp", "inside", "a=b \"c\" ü"])
            #expect(text.contains("read-only"))
            #expect(text.contains("1777"))
            #expect(text.contains("busybox"))
            #expect(text.contains("Max open files            333                  444"))
            #expect(lines.suffix(2).first?.hasSuffix("0000000000000000") == true)
            #expect(lines.last == "docker-init")
            let seen = try await docker.inspectContainer(id)
            #expect(seen.restartPolicy == "on-failure")
            #expect(seen.state.health == nil)
            #expect(seen.mounts.contains { $0.target == "/vol" && $0.type == "bind" && !$0.isWritable })
        }
    }

    @Test("an empty entrypoint list takes the image's away")
    func entrypoint() async throws {
        try await LiveEngine.with { engine async throws in
            var spec = engine.spec("entry", "")
            spec.entrypoint = ["/bin/echo", "entry"]
            spec.command = ["command"]
            let id = try await engine.start(spec)
            #expect(try await engine.client.exitCode(of: id) == 0)
            #expect(try await engine.client.logs(of: id).text == "entry command\n")
            let image = try ImageReference(engine.name("entry") + ":1")
            let imageID = try await engine.client.importImage(
                try LiveEngine.rootFileSystem(), as: image, changes: ["ENTRYPOINT [\"/bin/echo\", \"image\"]"])
            for (entrypoint, expected) in [(nil, "image /bin/sh -c echo shell\n"), ([], "shell\n")]
                as [([String]?, String)]
            {
                var spec = engine.spec(entrypoint == nil ? "kept" : "none", "echo shell")
                spec.image = imageID
                spec.entrypoint = entrypoint
                let id = try await engine.start(spec)
                #expect(try await engine.client.exitCode(of: id) == 0)
                #expect(try await engine.client.logs(of: id).text == expected)
                try await engine.client.removeContainer(id)
            }
            try await engine.client.removeImage("\(image)")
        }
    }

    @Test("an inspection tells the exit code")
    func exitCodes() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let seven = try await engine.start(engine.spec("seven", "exit 7"))
            #expect(try await docker.exitCode(of: seven) == 7)
            let trap = try await engine.start(
                engine.spec("trap", "trap 'exit 9' USR1; echo ready; while :; do sleep 0.1; done"))
            for try await piece in try await docker.followLogs(of: trap) where !piece.bytes.isEmpty { break }
            try await docker.killContainer(trap, signal: "SIGUSR1")
            #expect(try await docker.exitCode(of: trap) == 9)
            let again = await dockerError { try await docker.killContainer(trap, signal: "SIGKILL") }
            #expect(again?.isConflict == true)
        }
    }

    @Test("logs keep their two sources apart, and can be cut by lines, time and bytes")
    func logs() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let id = try await engine.start(engine.spec("logs", "for i in 1 2 3; do echo out$i; echo err$i >&2; done"))
            _ = try await docker.exitCode(of: id)
            let all = try await docker.logs(of: id)
            #expect(all.text(of: .standardOutput) == "out1\nout2\nout3\n")
            #expect(all.text(of: .standardError) == "err1\nerr2\nerr3\n")
            #expect(!all.isCutOff)
            #expect(try await docker.logs(of: id, LogQuery(tailLines: 2)).text.count == 10)
            let cut = try await docker.logs(of: id, limitBytes: 7)
            #expect(cut.isCutOff)
            #expect(cut.text.count == 7)
            let stamped = try await docker.logs(of: id, LogQuery(tailLines: 1, hasTimestamps: true)).text
            let moment = try #require(EngineTimestamp(String(stamped.prefix { $0 != " " })))
            let after = EngineTimestamp(
                secondsSince1970: moment.secondsSince1970 + 1, nanoseconds: moment.nanoseconds)
            #expect(try await docker.logs(of: id, LogQuery(since: after)).text == "")
            #expect(try await docker.logs(of: id, LogQuery(since: moment)).pieces.count >= 1)
            var followed = ""
            for try await piece in try await docker.followLogs(of: id) {
                followed += String(decoding: piece.bytes, as: UTF8.self)
            }
            #expect(followed.count == all.text.count)
        }
    }

    @Test("a command runs inside, with its output, exit code, user and variables")
    func exec() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            let id = try await engine.start(engine.spec("exec", "sleep 600"))
            let spec = ExecSpec(
                ["/bin/sh", "-c", "echo $V; id -u; pwd; echo oops >&2; exit 3"], environment: ["V": "value"],
                user: "77", workingDirectory: "/tmp")
            let result = try await docker.runExec(in: id, spec)
            #expect(result.exitCode == 3)
            #expect(result.output.text(of: .standardOutput) == "value\n77\n/tmp\n")
            #expect(result.output.text(of: .standardError) == "oops\n")
            let flood = try await docker.runExec(in: id, ExecSpec(["/bin/yes"]), limitBytes: 100_000)
            #expect(flood.output.isCutOff)
            #expect(flood.output.text.count == 100_000)
            let missing = try await docker.runExec(in: id, ExecSpec(["/no/such/program"]))
            #expect(missing.exitCode == 126 || missing.exitCode == 127)
            try await docker.stopContainer(id, timeoutSeconds: 0)
            let stopped = await dockerError { _ = try await docker.runExec(in: id, spec) }
            #expect(stopped?.isConflict == true)
            #expect(await dockerError { _ = try await docker.inspectExec("0123abcd") }?.isNotFound == true)
        }
    }

    @Test("one reading of what a container uses")
    func stats() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            var spec = engine.spec("stats", "while :; do :; done")
            spec.host.resources.memoryBytes = 32 << 20
            spec.host.resources.nanoCPUs = 100_000_000
            let id = try await engine.start(spec)
            let first = try await docker.stats(of: id)
            #expect(first.memoryLimitBytes == 32 << 20)
            #expect(first.memoryBytes > 0)
            #expect(first.processes >= 1)
            #expect(first.processors >= 1)
            #expect(first.readAt != nil)
            var second = first
            for _ in 0..<100 where second.processorNanoseconds <= first.processorNanoseconds {
                try await Task.sleep(for: .milliseconds(50))
                second = try await docker.stats(of: id)
            }
            #expect(second.processorNanoseconds > first.processorNanoseconds)
            #expect(second.hostProcessorNanoseconds > first.hostProcessorNanoseconds)
            try await docker.stopContainer(id, timeoutSeconds: 0)
            #expect(try await docker.stats(of: id).memoryBytes == 0)
        }
    }

    @Test("a health check of the engine is set and its verdict read")
    func health() async throws {
        try await LiveEngine.with { engine async throws in
            let docker = engine.client
            var spec = engine.spec("health", "sleep 600")
            spec.healthcheck = .command(
                test: ["CMD-SHELL", "echo sick; exit 4"], interval: .milliseconds(100), timeout: .seconds(5),
                startPeriod: .zero, retries: 1)
            let events = try await docker.events(
                EventFilter(types: [.container], actions: ["health_status"], labels: engine.filter))
            let id = try await engine.start(spec)
            for try await event in events where event.actorID == id {
                #expect(event.action == "health_status: unhealthy")
                #expect(event.verb == "health_status")
                break
            }
            let health = try #require(try await docker.inspectContainer(id).state.health)
            #expect(health.status == "unhealthy")
            #expect(health.failingStreak >= 1)
            #expect(health.probes.last?.exitCode == 4)
            #expect(health.probes.last?.output == "sick\n")
            #expect(try await docker.listContainers(labels: engine.filter).first?.status.contains("unhealthy") == true)
        }
    }
}
