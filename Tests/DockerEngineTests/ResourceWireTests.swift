import CurlKit
import DockerEngine
import HTTPStub
import Testing

@Suite("System, images, networks and volumes on the wire")
struct ResourceWireTests {
    @Test("info is read, with what is missing left empty")
    func info() async throws {
        try await withStubEngine { _ in
            [
                .response(
                    200,
                    #"""
                    {"ID": "x", "NCPU": 2, "MemTotal": 1024, "DefaultAddressPools": [{"Base": "10.0.0.0/8", "Size": 24}],
                     "Warnings": null, "SecurityOptions": ["name=seccomp"]}
                    """#)
            ]
        } test: { docker, stub async throws in
            let info = try await docker.info()
            #expect(try stub.onlyCall().summary == "GET /v1.41/info")
            #expect(info.processors == 2)
            #expect(info.memoryBytes == 1024)
            #expect(info.addressPools.map(\.base) == ["10.0.0.0/8"])
            #expect(info.addressPools.map(\.size) == [24])
            #expect(info.warnings.isEmpty)
            #expect(info.securityOptions == ["name=seccomp"])
            #expect(info.cgroupVersion == "")
        }
    }

    @Test("an image is inspected by reference")
    func image() async throws {
        try await withStubEngine { _ in
            [
                .response(
                    200,
                    #"""
                    {"Id": "sha256:1", "RepoTags": null, "RepoDigests": ["a@sha256:2"], "Size": 9, "Os": "linux",
                     "Architecture": "amd64", "Config": {"Labels": {"k": "v"}, "ExposedPorts": {"80/tcp": {}},
                     "Volumes": {"/data": {}}}}
                    """#)
            ]
        } test: { docker, stub async throws in
            let image = try await docker.inspectImage("registry.example:5000/a/b:1@sha256:abc")
            #expect(image.tags.isEmpty)
            #expect(image.digests == ["a@sha256:2"])
            #expect(image.exposedPorts == ["80/tcp"])
            #expect(image.volumes == ["/data"])
            #expect(image.labels == ["k": "v"])
            #expect(try stub.onlyCall().summary == "GET /v1.41/images/registry.example:5000/a/b:1@sha256:abc/json")
        }
    }

    @Test("a pull shows its progress line by line, however the lines are cut")
    func pull() async throws {
        let lines =
            #"{"status":"Pulling from a","id":"1"}"# + "\r\n"
            + #"{"status":"Downloading","id":"l","progressDetail":{"current":3,"total":7}}"# + "\r\n"
            + #"{"status":"Done","progressDetail":{}}"# + "\r\n"
        let bytes = Array(lines.utf8)
        try await withStubEngine { request in
            let cut = bytes.count * (request.query("tag") == "1" ? 1 : 2) / 3
            return [
                .head(200), .send(Array(bytes[..<cut])), .pause(milliseconds: 20), .send(Array(bytes[cut...])), .close,
            ]
        } test: { docker, stub async throws in
            for reference in ["a/b:1", "a/b@sha256:ff", "a/b"] {
                var seen: [PullProgress] = []
                for try await progress in try await docker.pullImage(ImageReference(reference)) {
                    seen.append(progress)
                }
                #expect(seen.map(\.status) == ["Pulling from a", "Downloading", "Done"])
                #expect(seen.map(\.currentBytes) == [nil, 3, nil])
                #expect(seen.map(\.totalBytes) == [nil, 7, nil])
                #expect(seen[1].layer == "l")
            }
            #expect(
                stub.calls.map(\.summary) == [
                    "POST /v1.41/images/create fromImage=a/b tag=1",
                    "POST /v1.41/images/create fromImage=a/b tag=sha256:ff",
                    "POST /v1.41/images/create fromImage=a/b tag=latest",
                ])
        }
    }

    @Test("a pull that fails half-way throws the registry's words")
    func pullFailure() async throws {
        try await withStubEngine { _ in
            [
                .head(200),
                .text(#"{"status":"Pulling"}"# + "\n" + #"{"errorDetail":{},"error":"toomanyrequests"}"# + "\n"),
                .close,
            ]
        } test: { docker, stub async throws in
            let error = await dockerError {
                for try await _ in try await docker.pullImage(ImageReference("a")) {}
            }
            #expect(error == .reported(message: "toomanyrequests", call: "POST /images/create"))
        }
    }

    @Test("networks are created, inspected, listed, joined and removed")
    func networks() async throws {
        let network = #"""
            {"Id": "n1", "Name": "net", "Driver": "bridge", "Internal": true, "Created": "2023-11-14T22:13:20Z",
             "IPAM": {"Config": [{"Subnet": "10.0.0.0/27", "Gateway": "10.0.0.1"}]}, "Labels": {"a": "b"},
             "Options": null, "Containers": {"c1": {"Name": "web", "IPv4Address": "10.0.0.2/27", "MacAddress": ""}}}
            """#
        try await withStubEngine { request in
            switch (request.method, request.path) {
            case ("GET", "/v1.41/networks"):
                [.response(200, #"[\#(network), {"Id": "h", "Name": "host", "IPAM": {"Config": null}}]"#)]
            case ("GET", _): [.response(200, network)]
            case ("POST", "/v1.41/networks/create"): [.response(201, #"{"Id": "n1", "Warning": ""}"#)]
            default: [.response(204)]
            }
        } test: { docker, stub async throws in
            let spec = NetworkSpec(
                name: "net", subnet: "10.0.0.0/27", gateway: "10.0.0.1", addressRange: "10.0.0.16/28", isInternal: true,
                labels: ["a": "b"],
                driverOptions: ["o": "p"])
            #expect(try await docker.createNetwork(spec) == "n1")
            _ = try await docker.createNetwork(NetworkSpec(name: "plain"))
            let seen = try await docker.inspectNetwork("n1")
            #expect(seen.subnets == [NetworkSubnet(subnet: "10.0.0.0/27", gateway: "10.0.0.1")])
            #expect(seen.isInternal)
            #expect(seen.containers["c1"]?.ipv4Address == "10.0.0.2/27")
            #expect(seen.created?.secondsSince1970 == 1_700_000_000)
            #expect(try await docker.listNetworks(labels: [.has("a")]).map(\.subnets.count) == [1, 0])
            try await docker.connectNetwork(
                EndpointSpec(network: "n1", aliases: ["x"], ipv4Address: "10.0.0.9"), container: "c")
            try await docker.removeNetwork("n1")
            #expect(
                stub.calls.map(\.summary) == [
                    "POST /v1.41/networks/create", "POST /v1.41/networks/create", "GET /v1.41/networks/n1",
                    #"GET /v1.41/networks filters={"label":["a"]}"#, "POST /v1.41/networks/n1/connect",
                    "DELETE /v1.41/networks/n1",
                ])
            #expect(
                try stub.calls[0].sortedBody
                    == sortedJSON(
                        #"""
                        {"Name": "net", "CheckDuplicate": true, "Driver": "bridge", "Internal": true, "Labels": {"a": "b"},
                         "Options": {"o": "p"}, "IPAM": {"Config": [{"Subnet": "10.0.0.0/27", "Gateway": "10.0.0.1", "IPRange": "10.0.0.16/28"}]}}
                        """#))
            #expect(!stub.calls[1].bodyText.contains("IPAM"))
            #expect(
                try stub.calls[4].sortedBody
                    == sortedJSON(
                        #"{"Container": "c", "EndpointConfig": {"Aliases": ["x"], "IPAMConfig": {"IPv4Address": "10.0.0.9"}}}"#
                    ))
        }
    }

    @Test("volumes are created, inspected, listed and removed")
    func volumes() async throws {
        let volume =
            #"{"Name": "v", "Driver": "local", "Mountpoint": "/m", "Labels": null, "CreatedAt": "2023-11-14T23:13:20+01:00"}"#
        try await withStubEngine { request in
            switch (request.method, request.path) {
            case ("GET", "/v1.41/volumes"): [.response(200, #"{"Volumes": [\#(volume)], "Warnings": null}"#)]
            case ("DELETE", _): [.response(204)]
            default: [.response(201, volume)]
            }
        } test: { docker, stub async throws in
            let created = try await docker.createVolume(
                VolumeSpec(name: "v", driverOptions: ["o": "p"], labels: ["a": "b"]))
            #expect(created.mountPoint == "/m")
            #expect(created.created?.secondsSince1970 == 1_700_000_000)
            #expect(try await docker.inspectVolume("v") == created)
            #expect(try await docker.listVolumes(labels: [.equals("a", "b")]) == [created])
            try await docker.removeVolume("v")
            #expect(
                stub.calls.map(\.summary) == [
                    "POST /v1.41/volumes/create", "GET /v1.41/volumes/v",
                    #"GET /v1.41/volumes filters={"label":["a=b"]}"#,
                    "DELETE /v1.41/volumes/v",
                ])
            #expect(
                try stub.calls[0].sortedBody
                    == sortedJSON(
                        #"{"Name": "v", "Driver": "local", "DriverOpts": {"o": "p"}, "Labels": {"a": "b"}}"#))
        }
    }

    @Test("events are filtered on the engine and read one by one, however they are cut")
    func events() async throws {
        let text =
            #"{"Type":"container","Action":"die","Actor":{"ID":"c","Attributes":{"exitCode":"1","é":"ü"}},"timeNano":5}"#
            + "\n"
            + #"{"Type":"container","Action":"health_status: healthy","Actor":{"ID":"c","Attributes":null},"status":"x"}"#
            + "\n"
        let bytes = Array(text.utf8)
        try await withStubEngine { _ in
            [.head(200, headers: ["Transfer-Encoding: chunked"])]
                + bytes.flatMap { [.send(Array("1\r\n".utf8) + [$0] + Array("\r\n".utf8))] } + [.text("0\r\n\r\n")]
        } test: { docker, stub async throws in
            let filter = EventFilter(types: [.container, .network], actions: ["die"], labels: [.has("l")])
            var seen: [DockerEvent] = []
            for try await event in try await docker.events(filter) { seen.append(event) }
            #expect(seen.map(\.verb) == ["die", "health_status"])
            #expect(seen.map(\.timeNanoseconds) == [5, 0])
            #expect(seen[0].attributes == ["exitCode": "1", "é": "ü"])
            #expect(seen[0].actorID == "c")
            let call = try stub.onlyCall()
            #expect(call.path == "/v1.41/events")
            #expect(call.query("filters") == #"{"event":["die"],"label":["l"],"type":["container","network"]}"#)
            #expect(call.query("since")?.contains(".") == true)
            #expect(call.query("until") == nil)
        }
    }
}
