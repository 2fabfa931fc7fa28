import CurlKit
import DockerEngine
import HTTPStub
import Testing

@Suite("Containers on the wire")
struct ContainerWireTests {
    @Test("create sends the whole specification in the engine's words")
    func create() async throws {
        try await withStubEngine { _ in
            [.response(201, #"{"Id": "abc", "Warnings": ["careful"], "Unknown": 1}"#)]
        } test: { docker, stub async throws in
            let created = try await docker.createContainer(Self.everything)
            #expect(created.id == "abc")
            #expect(created.warnings == ["careful"])
            let call = try stub.onlyCall()
            #expect(call.summary == "POST /v1.41/containers/create name=p-db-1")
            #expect(call.headers["content-type"] == "application/json")
            #expect(try call.sortedBody == sortedJSON(Self.everythingOnTheWire))
        }
    }

    @Test("create leaves out what is left to the image and the engine")
    func createMinimal() async throws {
        try await withStubEngine { _ in
            [.response(201, #"{"Id": "abc", "Warnings": null}"#)]
        } test: { docker, stub async throws in
            #expect(try await docker.createContainer(ContainerConfig(name: "n", image: "i")).warnings.isEmpty)
            let expected = #"""
                {"Image": "i", "Env": [], "Labels": {}, "ExposedPorts": {}, "Tty": false,
                 "HostConfig": {"RestartPolicy": {"Name": "no"}, "ReadonlyRootfs": false}}
                """#
            #expect(try stub.onlyCall().sortedBody == sortedJSON(expected))
        }
    }

    static var everything: ContainerConfig {
        ContainerConfig(
            name: "p-db-1", image: "supabase/postgres:15", command: ["postgres", "-c", "x=y"], entrypoint: [],
            environment: ["B": "2=3", "A": ""], labels: ["k": "v"], exposedPorts: [ContainerPort(53, .udp)],
            user: "70:70", workingDirectory: "/w", hostname: "db",
            healthcheck: .command(
                test: ["CMD", "true"], interval: .milliseconds(1500), timeout: .seconds(2), startPeriod: .seconds(3),
                retries: 4),
            stopSignal: "SIGINT", stopTimeoutSeconds: 30, host: host,
            endpoints: [EndpointSpec(network: "net1", aliases: ["db", "postgres"], ipv4Address: "10.0.0.2")])
    }

    private static var host: ContainerHostSpec {
        ContainerHostSpec(
            mounts: [
                MountSpec(.bind(path: "/host", propagation: "rslave"), target: "/b", isReadOnly: true),
                MountSpec(.volume(name: "v", noCopy: true), target: "/v"), MountSpec(.volume(name: "w"), target: "/w"),
                MountSpec(.volume(name: "x", labels: ["a": "b"]), target: "/x"),
                MountSpec(.tmpfs(sizeBytes: 1024, mode: 0o700), target: "/t"), MountSpec(.tmpfs(), target: "/u"),
            ],
            portBindings: [
                PortBinding(containerPort: ContainerPort(5432), hostAddress: "127.0.0.1", hostPort: 54322),
                PortBinding(containerPort: ContainerPort(5432), hostAddress: "::1", hostPort: 54322),
                PortBinding(containerPort: ContainerPort(80)),
            ],
            restartPolicy: .onFailure(maximumRetries: 3),
            log: LogSpec(driver: "json-file", options: ["max-size": "10m"]),
            resources: ResourceSpec(
                memoryBytes: 1, memoryAndSwapBytes: -1, memoryReservationBytes: 3, nanoCPUs: 4, cpuShares: 5,
                processes: 6, sharedMemoryBytes: 7, ulimits: [.init(name: "nofile", soft: 8, hard: 9)]),
            addedCapabilities: ["NET_ADMIN"], droppedCapabilities: ["ALL"], securityOptions: ["no-new-privileges:true"],
            isReadOnly: true, temporaryFileSystems: ["/run": "size=1m"], usesInit: true,
            extraHosts: ["host.docker.internal:host-gateway"], kernelParameters: ["net.core.somaxconn": "1024"])
    }

    static let everythingOnTheWire = #"""
        {"Image": "supabase/postgres:15", "Cmd": ["postgres", "-c", "x=y"], "Entrypoint": [""],
         "Env": ["A=", "B=2=3"], "Labels": {"k": "v"}, "ExposedPorts": {"53/udp": {}, "5432/tcp": {}, "80/tcp": {}},
         "User": "70:70", "WorkingDir": "/w", "Hostname": "db", "Tty": false,
         "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1500000000, "Timeout": 2000000000,
                         "StartPeriod": 3000000000, "Retries": 4},
         "StopSignal": "SIGINT", "StopTimeout": 30,
         "HostConfig": {
            "Mounts": [
                {"Type": "bind", "Source": "/host", "Target": "/b", "ReadOnly": true,
                 "BindOptions": {"Propagation": "rslave"}},
                {"Type": "volume", "Source": "v", "Target": "/v", "ReadOnly": false, "VolumeOptions": {"NoCopy": true}},
                {"Type": "volume", "Source": "w", "Target": "/w", "ReadOnly": false},
                {"Type": "volume", "Source": "x", "Target": "/x", "ReadOnly": false,
                 "VolumeOptions": {"NoCopy": false, "Labels": {"a": "b"}}},
                {"Type": "tmpfs", "Target": "/t", "ReadOnly": false, "TmpfsOptions": {"SizeBytes": 1024, "Mode": 448}},
                {"Type": "tmpfs", "Target": "/u", "ReadOnly": false}],
            "PortBindings": {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "54322"},
                                          {"HostIp": "::1", "HostPort": "54322"}],
                             "80/tcp": [{"HostIp": "", "HostPort": ""}]},
            "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}}, "NetworkMode": "net1",
            "Memory": 1, "MemorySwap": -1, "MemoryReservation": 3, "NanoCpus": 4, "CpuShares": 5, "PidsLimit": 6,
            "ShmSize": 7, "Ulimits": [{"Name": "nofile", "Soft": 8, "Hard": 9}], "CapAdd": ["NET_ADMIN"],
            "CapDrop": ["ALL"], "SecurityOpt": ["no-new-privileges:true"], "ReadonlyRootfs": true,
            "Tmpfs": {"/run": "size=1m"}, "Init": true, "ExtraHosts": ["host.docker.internal:host-gateway"],
            "Sysctls": {"net.core.somaxconn": "1024"}},
         "NetworkingConfig": {"EndpointsConfig": {"net1": {"Aliases": ["db", "postgres"],
                                                           "IPAMConfig": {"IPv4Address": "10.0.0.2"}}}}}
        """#

    @Test("a disabled health check and every restart policy have the engine's words")
    func words() async throws {
        try await withStubEngine { _ in
            [.response(201, #"{"Id": "abc"}"#)]
        } test: { docker, stub async throws in
            let policies: [(RestartPolicy, String)] = [
                (.never, #""RestartPolicy":{"Name":"no"}"#), (.always, #""RestartPolicy":{"Name":"always"}"#),
                (.unlessStopped, #""RestartPolicy":{"Name":"unless-stopped"}"#),
                (.onFailure(maximumRetries: 0), #""RestartPolicy":{"MaximumRetryCount":0,"Name":"on-failure"}"#),
            ]
            for (policy, words) in policies {
                var spec = ContainerConfig(name: "n", image: "i", healthcheck: .disabled)
                spec.host.restartPolicy = policy
                _ = try await docker.createContainer(spec)
                let body = try #require(stub.calls.last).bodyText
                #expect(body.contains(words))
                #expect(body.contains(#""Healthcheck":{"Test":["NONE"]}"#))
            }
        }
    }

    @Test("a specification shows no variable when it is printed")
    func noSecretShows() {
        var text = ""
        dump(Self.everything, to: &text)
        text += "\(Self.everything) \(String(reflecting: Self.everything)) \([Self.everything])"
        #expect(text.contains("p-db-1"))
        #expect(!text.contains("2=3"))
    }

    @Test("calls that change a container have the right method, path and parameters, and tell 304 apart")
    func changes() async throws {
        try await withStubEngine { request in
            [.response(request.path.hasSuffix("/start") ? 304 : 204)]
        } test: { docker, stub async throws in
            #expect(try await docker.startContainer("a1") == .unchanged)
            #expect(try await docker.stopContainer("a1", timeoutSeconds: 5) == .changed)
            #expect(try await docker.stopContainer("a1") == .changed)
            try await docker.restartContainer("a1", timeoutSeconds: 0)
            try await docker.removeContainer("a1", force: true, removesAnonymousVolumes: false)
            #expect(
                stub.calls.map(\.summary) == [
                    "POST /v1.41/containers/a1/start", "POST /v1.41/containers/a1/stop t=5",
                    "POST /v1.41/containers/a1/stop", "POST /v1.41/containers/a1/restart t=0",
                    "DELETE /v1.41/containers/a1 force=true v=false",
                ])
            #expect(stub.calls.allSatisfy { $0.body.isEmpty })
        }
    }

    @Test("a list is filtered by labels and read leanly, whatever fields the engine adds or leaves out")
    func list() async throws {
        try await withStubEngine { _ in
            [.response(200, Self.listAnswer)]
        } test: { docker, stub async throws in
            let containers = try await docker.listContainers(labels: [.equals("p", "x=\"1\""), .has("q")])
            #expect(
                try stub.onlyCall().summary
                    == #"GET /v1.41/containers/json all=true filters={"label":["p=x=\"1\"","q"]}"#)
            try #require(containers.count == 2)
            let first = containers[0]
            #expect(first.id == "f00")
            #expect(first.name == "own")
            #expect(first.state == .running)
            #expect(first.status == "Up 3 seconds (healthy)")
            #expect(first.labels == ["a": "b"])
            #expect(first.createdSeconds == 1_700_000_000)
            #expect(first.ports.map(\.containerPort) == [ContainerPort(80), ContainerPort(53, .udp)])
            #expect(first.ports[0].hostAddress == "127.0.0.1")
            #expect(first.ports[0].hostPort == 54321)
            #expect(first.ports[1].hostPort == nil)
            #expect(first.endpoints["n"]?.ipv4Address == "10.0.0.2")
            #expect(first.endpoints["n"]?.requestedIPv4Address == "10.0.0.2")
            #expect(first.endpoints["n"]?.networkID == "net")
            #expect(containers[1].state == .other("hibernating"))
            #expect(containers[1].ports.isEmpty)
            #expect(containers[1].labels.isEmpty)
        }
    }

    private static let listAnswer = #"""
        [{"Id": "f00", "Names": ["/other/link", "/own"], "Image": "i:1", "ImageID": "sha256:1", "Created": 1700000000,
          "State": "running", "Status": "Up 3 seconds (healthy)", "Labels": {"a": "b"}, "New": [1, {}],
          "Ports": [{"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 54321, "Type": "tcp"},
                    {"PrivatePort": 53, "Type": "udp"}],
          "NetworkSettings": {"Networks": {"n": {"NetworkID": "net", "IPAddress": "10.0.0.2", "Aliases": null,
                                                 "IPAMConfig": {"IPv4Address": "10.0.0.2"}}}}},
         {"Id": "f01", "Names": null, "State": "hibernating", "Labels": null, "Ports": null}]
        """#

    @Test("an inspection is flattened to what matters, without the environment")
    func inspect() async throws {
        try await withStubEngine { _ in
            [.response(200, Self.inspectAnswer)]
        } test: { docker, stub async throws in
            let seen = try await docker.inspectContainer("own")
            #expect(try stub.onlyCall().summary == "GET /v1.41/containers/own/json")
            #expect(seen.name == "own")
            #expect(seen.created == EngineTimestamp(secondsSince1970: 1_700_000_000, nanoseconds: 120_000_000))
            #expect(seen.state.status == .exited)
            #expect(seen.state.exitCode == 137)
            #expect(seen.state.wasKilledForMemory)
            #expect(seen.state.startFailure == "no such file")
            #expect(seen.state.startedAt?.secondsSince1970 == 1_700_000_001)
            #expect(seen.state.finishedAt == nil)
            #expect(seen.state.health?.status == "unhealthy")
            #expect(seen.state.health?.failingStreak == 2)
            #expect(seen.state.health?.probes == [])
            #expect(seen.restartCount == 4)
            #expect(seen.restartPolicy == "always")
            #expect(seen.mounts.map(\.name) == ["v", nil])
            #expect(seen.mounts.map(\.isWritable) == [true, false])
            #expect(seen.ports.map(\.hostPort) == [nil, 54321, 54321])
            #expect(seen.ports.map(\.hostAddress) == [nil, "127.0.0.1", "::1"])
            #expect(!"\(seen)".contains("hidden"))
        }
    }

    private static let inspectAnswer = #"""
        {"Id": "f00", "Name": "/own", "Created": "2023-11-14T22:13:20.12Z", "Image": "sha256:1", "RestartCount": 4,
         "State": {"Status": "exited", "OOMKilled": true, "Pid": 0, "ExitCode": 137, "Error": "no such file",
                   "StartedAt": "2023-11-14T23:13:21+01:00", "FinishedAt": "0001-01-01T00:00:00Z",
                   "Health": {"Status": "unhealthy", "FailingStreak": 2, "Log": null}},
         "Config": {"Image": "i:1", "Labels": null, "Cmd": null, "Env": ["A=hidden"], "Hostname": "h", "Tty": false},
         "HostConfig": {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}},
         "Mounts": [{"Type": "volume", "Name": "v", "Source": "/var/v", "Destination": "/v", "RW": true},
                    {"Type": "bind", "Source": "/b", "Destination": "/b", "RW": false}],
         "NetworkSettings": {"Networks": null,
            "Ports": {"80/tcp": [{"HostIp": "::1", "HostPort": "54321"}, {"HostIp": "127.0.0.1", "HostPort": "54321"}],
                      "53/udp": null}}}
        """#

    @Test("stats are added up over networks and disks")
    func stats() async throws {
        try await withStubEngine { _ in
            [
                .response(
                    200,
                    #"""
                    {"read": "2023-11-14T22:13:20Z", "cpu_stats": {"cpu_usage": {"total_usage": 5}, "system_cpu_usage": 50,
                     "online_cpus": 2}, "memory_stats": {"usage": 100, "limit": 1000, "stats": {"inactive_file": 40}},
                     "pids_stats": {"current": 3}, "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2},
                     "eth1": {"rx_bytes": 10, "tx_bytes": 20}}, "blkio_stats": {"io_service_bytes_recursive":
                     [{"op": "Read", "value": 7}, {"op": "write", "value": 8}, {"op": "Read", "value": 1}]}}
                    """#)
            ]
        } test: { docker, stub async throws in
            let stats = try await docker.stats(of: "a1")
            #expect(try stub.onlyCall().summary == "GET /v1.41/containers/a1/stats stream=false one-shot=true")
            #expect([stats.processorNanoseconds, stats.hostProcessorNanoseconds] == [5, 50])
            #expect([stats.memoryBytes, stats.memoryLimitBytes] == [60, 1000])
            #expect([stats.receivedBytes, stats.sentBytes] == [11, 22])
            #expect([stats.diskReadBytes, stats.diskWrittenBytes] == [8, 8])
            #expect([stats.processors, stats.processes] == [2, 3])
        }
    }
}
