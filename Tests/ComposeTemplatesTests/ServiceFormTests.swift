import ComposeTemplates
import Foundation
import Testing
import YAMLKit

/// Every supported key of a service, in its short and its long form.
@Suite struct ServiceFormTests {
    @Test func commandsAreSplitAsAShellWouldSplitThem() throws {
        #expect(try service("command: a 'b c' \"d\\\"e\" f\\ g ''").command == ["a", "b c", "d\"e", "f g", ""])
        #expect(try service("command: [a, 1, true]").command == ["a", "1", "true"])
        #expect(try service("command: []").command == [])
        #expect(try service("command:").command == nil)
        #expect(try service("entrypoint: /run.sh -x").entrypoint == ["/run.sh", "-x"])
    }

    @Test func environmentsAreMappingsOrLists() throws {
        let expected: [String: String?] = ["A": "1", "B": "", "C": "true", "D": "d=e", "HOST": "h", "NONE": nil]
        let list = "environment:\n  - A=1\n  - B=\n  - C=true\n  - D=d=e\n  - HOST\n  - NONE"
        let map = "environment:\n  A: 1\n  B: \"\"\n  C: true\n  D: d=e\n  HOST:\n  NONE: null"
        #expect(try service(list, environment: ["HOST": "h"]).environment == expected)
        #expect(try service(map, environment: ["HOST": "h"]).environment == expected)
    }

    @Test func environmentFilesAreReadFromTheTemplatesFolder() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "compose-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("A=1".utf8).write(to: folder.appending(path: "a.env"))
        let large = Data(repeating: UInt8(ascii: "#"), count: TemplateFiles.maximumBytes + 1)
        try large.write(to: folder.appending(path: "large.env"))
        var options = ComposeLoader.Options(projectName: "demo")
        options.files = .folder(folder.path)
        let settings = options
        func load(_ file: String) throws -> ComposeService? {
            let text = "services: {a: {image: i, env_file: \(file)}}"
            return try ComposeLoader.load(text: text, fileName: "f", options: settings).project.services["a"]
        }
        #expect(try load("a.env")?.environment == ["A": "1"])
        #expect {
            try load("large.env")
        } throws: {
            "\($0)" == "f:1:36: services.a.env_file: large.env is larger than 1048576 bytes"
        }
        #expect(throws: TemplateRejection.self) { try load("missing.env") }
    }

    @Test func environmentFilesComeFirstAndAreOverridden() throws {
        let body = """
            env_file:
              - one.env
              - {path: ./sub/two.env, required: false}
              - {path: none.env, required: false}
              - {path: raw.env, format: raw}
            environment: {C: own}
            """
        let files = ["one.env": "A=1\nB=1\nC=1", "sub/two.env": "B=$A$HOST", "raw.env": "R='x' # $A\n# c\nHOST\n"]
        let environment = try service(body, environment: ["HOST": "h"], files: files).environment
        #expect(environment == ["A": "1", "B": "1h", "C": "own", "HOST": "h", "R": "'x' # $A"])
        #expect(try service("env_file: one.env", files: files).environment["A"] == "1")
    }

    @Test(
        arguments: [
            ("80", nil, nil, 80, "tcp"), ("8000:80", nil, "8000", 80, "tcp"), ("8000:80/udp", nil, "8000", 80, "udp"),
            ("127.0.0.1:8000:80", "127.0.0.1", "8000", 80, "tcp"), ("127.0.0.1::80", "127.0.0.1", nil, 80, "tcp"),
            ("[::1]:8000:80", "::1", "8000", 80, "tcp"), ("8000-8010:80", nil, "8000-8010", 80, "tcp"),
        ] as [(String, String?, String?, Int, String)])
    func shortPortsAreWrittenOut(text: String, host: String?, published: String?, target: Int, transport: String) throws
    {
        let ports = try service("ports: [\"\(text)\"]").ports
        #expect(ports.count == 1)
        #expect(ports.first?.hostIP == host)
        #expect(ports.first?.published == published)
        #expect(ports.first?.target == target)
        #expect(ports.first?.transport.rawValue == transport)
    }

    @Test func rangesOfPortsAreWrittenOutOneByOne() throws {
        let ports = try service("ports: [\"9090-9091:80-81\", \"3000-3001\", 5]").ports
        #expect(ports.map(\.target) == [80, 81, 3000, 3001, 5])
        #expect(ports.map(\.published) == ["9090", "9091", nil, nil, nil])
    }

    @Test func longPortsSayTheSame() throws {
        let body = "ports:\n  - {target: 80, published: 8000, host_ip: 127.0.0.1, protocol: udp, mode: host, name: n}"
        var expected = ComposePort(target: 80, published: "8000")
        expected.hostIP = "127.0.0.1"
        expected.transport = .udp
        expected.mode = .host
        expected.name = "n"
        #expect(try service(body).ports == [expected])
        #expect(expected.publishedPort == 8000)
    }

    @Test func mountsAreBindsVolumesOrMemory() throws {
        let body = """
            volumes:
              - ./conf//x/./y:/etc/y:ro
              - data:/data/
              - data:/copy:nocopy
              - {type: bind, source: ./z, target: /z, read_only: true, bind: {create_host_path: false}}
              - {type: volume, source: data, target: /v, volume: {nocopy: true}}
              - {type: tmpfs, target: /t, tmpfs: {size: 64m, mode: 0o1777}}
            tmpfs: /run
            """
        let mounts = try service(body, rest: "volumes: {data: }\n").volumes
        #expect(mounts.map(\.kind) == [.bind, .volume, .volume, .bind, .volume, .tmpfs])
        #expect(mounts.map(\.source) == ["./conf/x/y", "data", "data", "./z", "data", nil])
        #expect(mounts.map(\.target) == ["/etc/y", "/data", "/copy", "/z", "/v", "/t"])
        #expect(mounts.map(\.readOnly) == [true, false, false, true, false, false])
        #expect(mounts[2].volume?.noCopy == true)
        #expect(mounts[3].bind?.createsHostPath == false)
        #expect(mounts[5].tmpfs?.sizeBytes == 64 << 20)
        #expect(mounts[5].tmpfs?.mode == 0o1777)
        #expect(try service(body, rest: "volumes: {data: }\n").tmpfs == ["/run"])
    }

    @Test func networksHaveAliasesAndAddresses() throws {
        let rest = "networks: {n: {ipam: {config: [{subnet: 10.1.0.0/27, gateway: 10.1.0.1}]}, internal: true}}\n"
        let long = try service("networks:\n  n: {aliases: [x, y], ipv4_address: 10.1.0.5}\n  default:", rest: rest)
        #expect(long.networks["n"]?.aliases == ["x", "y"])
        #expect(long.networks["n"]?.ipv4Address == "10.1.0.5")
        #expect(long.networks["default"] == ComposeNetworkAttachment())
        #expect(try service("networks: [n]", rest: rest).networks == ["n": ComposeNetworkAttachment()])
        #expect(try service("").networks == ["default": ComposeNetworkAttachment()])
        #expect(try service("network_mode: none").networks.isEmpty)
    }

    @Test func imagesArePulledOnceOrNever() throws {
        #expect(try service("").pullPolicy == nil)
        #expect(try service("pull_policy: missing").pullPolicy == .missing)
        #expect(try service("pull_policy: if_not_present").pullPolicy == .missing)
        #expect(try service("pull_policy: never").pullPolicy == .never)
        for policy in ["always", "build", "daily"] {
            #expect(throws: TemplateRejection.self, "\(policy)") { try service("pull_policy: \(policy)") }
        }
    }

    @Test func dependenciesHaveConditions() throws {
        let rest = "  b: {image: i}\n  c: {image: i}\n"
        let list = try service("depends_on: [b, c]", rest: rest).dependsOn
        #expect(list == ["b": ComposeDependency(), "c": ComposeDependency()])
        let map = try service(
            "depends_on:\n  b: {condition: service_healthy, restart: true}\n"
                + "  c: {condition: service_completed_successfully, required: false}", rest: rest)
        #expect(map.dependsOn["b"]?.condition == .healthy)
        #expect(map.dependsOn["b"]?.restarts == true)
        #expect(map.dependsOn["c"]?.condition == .completed)
        #expect(map.dependsOn["c"]?.isRequired == false)
    }

    @Test func healthchecksAndLifecycle() throws {
        let body = """
            healthcheck: {test: curl x, interval: 1m30s, timeout: 500ms, retries: 3, start_period: 0s, start_interval: 1.5s}
            restart: on-failure:3
            stop_signal: SIGINT
            stop_grace_period: 1h
            init: true
            """
        let service = try service(body)
        #expect(service.healthcheck?.test == ["CMD-SHELL", "curl x"])
        #expect(service.healthcheck?.interval == .seconds(90))
        #expect(service.healthcheck?.timeout == .milliseconds(500))
        #expect(service.healthcheck?.startInterval == .milliseconds(1500))
        #expect(service.restart == .onFailure(maximumRetries: 3))
        #expect(service.stopGracePeriod == .seconds(3600))
        #expect(service.initProcess == true)
        #expect(
            service.canonicalJSON.contains(
                #""healthcheck":{"interval":"1m30s","retries":3,"start_interval":"1.5s","start_period":"0s""#))
        #expect(service.canonicalJSON.contains(#""stop_grace_period":"1h0m0s""#))
    }

    @Test func resourcesAreInBytesAndNumbers() throws {
        let body = """
            mem_limit: 1.5g
            mem_reservation: 64MiB
            memswap_limit: -1
            cpus: "0.5"
            cpu_shares: 512
            cpuset: 0-1
            pids_limit: 100
            shm_size: 256m
            ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 65535}
            """
        let service = try service(body)
        #expect(service.memoryLimitBytes == 1_610_612_736)
        #expect(service.memoryReservationBytes == 64 << 20)
        #expect(service.memSwapLimitBytes == -1)
        #expect(service.cpuLimit == 0.5)
        #expect(service.processLimit == 100)
        #expect(service.shmSizeBytes == 256 << 20)
        #expect(service.ulimits == ["nofile": .init(soft: 1024, hard: 2048), "nproc": .init(soft: 65535, hard: 65535)])
    }

    @Test func deployResourcesAreInForce() throws {
        let service = try service(
            "deploy: {resources: {limits: {cpus: 0.25, memory: 50m, pids: 9}, reservations: {memory: 20m}}}")
        #expect(service.cpuLimit == 0.25)
        #expect(service.memoryLimitBytes == 50 << 20)
        #expect(service.memoryReservationBytes == 20 << 20)
        #expect(service.processLimit == 9)
    }

    @Test func theRestIsTakenAsItIs() throws {
        let body = """
            labels: [a=1, b]
            expose: [3000, "4000/udp", 5000-5001]
            user: "1000:1000"
            working_dir: /w
            hostname: h
            read_only: true
            cap_add: [NET_BIND_SERVICE]
            cap_drop: [ALL]
            security_opt: ["no-new-privileges:true"]
            extra_hosts: ["b:10.0.0.2", "a=host-gateway", "b=[::1]"]
            logging: {driver: json-file, options: {max-size: 10m, max-file: 3}}
            x-note: {deep: [1]}
            """
        let service = try service(body)
        #expect(service.labels == ["a": "1", "b": ""])
        #expect(service.expose == ["3000", "4000/udp", "5000-5001"])
        #expect(service.extraHosts == ["a=host-gateway", "b=10.0.0.2", "b=::1"])
        #expect(service.logging?.options == ["max-size": "10m", "max-file": "3"])
        #expect(service.extensions["x-note"]?["deep"]?.sequence?.first?.mark.line == 15)
        #expect((service.user, service.workingDir, service.hostname) == ("1000:1000", "/w", "h"))
        #expect((service.capAdd, service.capDrop) == (["NET_BIND_SERVICE"], ["ALL"]))
    }

    @Test func configsComeFromFilesTextsOrVariables() throws {
        let rest =
            "configs: {one: {content: \"a $$b ${V}\"}, two: {file: ./f}, three: {environment: V, name: demo_x}}\n"
        let body = "configs: [one, {source: two, target: /t, uid: 1, mode: 0440}, three]"
        let service = try service(body, rest: rest, environment: ["V": "v"])
        #expect(service.configs.map(\.path) == ["/one", "/t", "/three"])
        #expect(service.configs[1].mode == 0o440)
        let text = "services: {a: {image: i}}\n" + rest
        let configs = try load(text, environment: ["V": "v"]).project.configs
        #expect(configs["one"]?.source == .content("a $b v"))
        #expect(configs["two"]?.source == .file("./f"))
        #expect(configs["two"]?.name == "demo_two")
        #expect(configs["three"]?.source == .environment("V"))
    }

    @Test func whatVariablesGiveIsReadByTheKeysType() throws {
        let body = "read_only: $T\npids_limit: ${N}\nports: [\"${N}:${N}\"]\nlabels: {e: $E, n: $N}\nmem_limit: ${M}"
        let service = try service(body, environment: ["T": "true", "N": "10", "E": "", "M": "1k"])
        #expect(service.readOnly == true)
        #expect(service.pidsLimit == 10)
        #expect(service.ports.first?.published == "10")
        #expect(service.labels == ["e": "", "n": "10"])
        #expect(service.memLimitBytes == 1024)
    }
}
