/// A Compose template drawn at random from forms that people write, some of which a manager has to refuse.
public struct GeneratedTemplate: Sendable {
    /// The text of `compose.yaml`.
    public let text: String
    /// Further files, by their path beside it.
    public let files: [String: String]

    /// The template of a seed; the same every time. `image` is every service's image.
    public init(seed: UInt64, image: String = "registry.example.com/app:1") {
        var draw = Draw(seed: seed)
        let names = (0...draw.number(3)).map { "svc\($0)" }
        var services: [String] = []
        for (index, name) in names.enumerated() {
            var lines = ["  \(name):", "    image: \(image)"]
            let bodies = draw.some(Self.bodies, mostly: 4)
            lines += bodies.map { "    " + $0.replacing("@", with: "\(index + 2)") }
            if index > 0, draw.chance(2) {
                lines.append("    depends_on: {svc0: {condition: \(draw.one(Self.conditions))}}")
            }
            if draw.chance(8) { lines.append("    profiles: [more]") }
            services.append(lines.joined(separator: "\n"))
        }
        text =
            ([
                Self.manifest, draw.one(Self.networks), draw.one(Self.volumes), "configs: {conf: {content: text}}",
                "services:",
            ]
            + services).joined(separator: "\n") + "\n"
        files = [
            "conf/app.conf": "a=1\n", "conf/sub/more.conf": "b=2\n", "app.env": "LEVEL=info\r\n",
            "raw.env": "A=b c\r\n",
        ]
    }

    private static let manifest = """
        x-supamanager:
          ports: [API_PORT, DB_PORT]
          addresses: {SVC2_ADDRESS: 2, SVC3_ADDRESS: 3, SVC4_ADDRESS: 4, SVC5_ADDRESS: 5}
          ranges: {OUTER: {first: 0, prefix: 28}, INNER: {first: 16, prefix: 29}}
          secrets: {PASSWORD: {alphabet: hex, length: 32}}
          variables: {LEVEL: {default: info}, LIMIT: {default: 64m}}
          files: [conf]
        """

    private static let conditions = ["service_started", "service_healthy", "service_completed_successfully"]

    private static let networks = [
        "", "networks: {default: {}}", "networks: {default: {}, inner: {internal: true}}",
        "networks: {default: {ipam: {config: [{subnet: \"${SUBNET}\"}]}}}",
        "networks: {default: {ipam: {config: [{subnet: \"${OUTER}\"}]}}, inner: {ipam: {config: [{subnet: \"${INNER}\"}]}}}",
        "networks: {default: {ipam: {config: [{subnet: 10.99.0.0/27}]}}}", "networks: {default: {name: fixed}}",
        "networks: {default: {name: \"${COMPOSE_PROJECT_NAME}-net\"}}", "networks: {default: {external: true}}",
        "networks: {default: {}, inner: {ipam: {config: [{subnet: \"${INNER}\"}]}}}",
        "networks: {default: {driver_opts: {a: b}}}",
    ]

    private static let volumes = [
        "volumes: {data: }", "volumes: {data: {name: \"${COMPOSE_PROJECT_NAME}_d\"}}",
        "volumes: {data: {driver_opts: {type: tmpfs, device: tmpfs, o: \"size=1m\"}}}",
        "volumes: {data: {name: fixed}}",
        "volumes: {data: {labels: {a: b}}}", "volumes: {data: {driver_opts: {type: tmpfs, device: /srv, o: bind}}}",
        "volumes: {data: }", "volumes: {data: }",
    ]

    /// Parts of a service; `@` stands for a number of its own.
    private static let bodies = [
        "restart: unless-stopped", "restart: \"on-failure:3\"", "restart: on-failure:99999999",
        "command: [sleep, \"60\"]",
        "command: sleep 60", "entrypoint: [sleep, \"60\"]",
        "environment: {LEVEL: $LEVEL, PASSWORD: \"${PASSWORD}\", EMPTY: }",
        "environment: [\"A=b=c\", D]", "env_file: app.env", "env_file: [{path: raw.env, format: raw}]",
        "env_file: missing.env", "ports: [\"${BIND_ADDRESS}:${API_PORT}:80\"]", "ports: [\"${DB_PORT}:5432\"]",
        "ports: [\"8080:80\"]", "ports: [\"3000\"]", "ports: [\"${API_PORT}:80\", \"${API_PORT}:81\"]",
        "expose: [\"80\", \"90-92/udp\"]", "volumes: [\"data:/data\"]", "volumes: [\"./conf:/etc/app:ro\"]",
        "volumes: [\"./conf/app.conf:/a:ro\", \"./conf/sub:/b:ro\"]", "volumes: [\"./missing:/m:ro\"]",
        "volumes: [\"./conf:/etc/app\"]", "volumes: [\"data:/data:nocopy\"]", "volumes: [\"data:relative\"]",
        "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1048576, mode: 448}}]", "tmpfs: /tmp",
        "tmpfs: [\"/run:size=64m,mode=1777\", \"/x:rw,noexec\"]", "tmpfs: [\"/run:size=1m,uid=5\"]",
        "networks: [default]", "networks: {default: {aliases: [alias@]}, inner: }", "networks: [inner]",
        "networks: {default: {ipv4_address: \"${SVC@_ADDRESS}\"}}", "networks: {default: {ipv4_address: 10.0.0.@}}",
        "healthcheck: {test: [CMD, \"true\"], interval: 5s, start_period: 20s}", "healthcheck: {test: exit 0}",
        "healthcheck: {disable: true}", "healthcheck: {interval: 5s}", "x-supamanager: {probe: {tcp: {port: 80}}}",
        "mem_limit: $LIMIT", "mem_limit: 1k", "mem_limit: 64m\n    mem_reservation: 32m\n    memswap_limit: 64m",
        "mem_limit: 64m\n    memswap_limit: 32m", "cpus: 0.5", "cpus: 512", "cpus: 0.001", "cpu_shares: 512",
        "pids_limit: 64", "pids_limit: 99999999", "shm_size: 16m",
        "ulimits: {nofile: 1024, nproc: {soft: 64, hard: 128}}",
        "ulimits: {nonsense: 1}", "ulimits: {nofile: {soft: 5, hard: 1}}", "cap_drop: [ALL]\n    cap_add: [CHOWN]",
        "cap_add: [SYS_ADMIN]", "read_only: true", "security_opt: [\"no-new-privileges:true\"]", "user: \"1000:1000\"",
        "init: true", "hostname: host@", "working_dir: /srv", "working_dir: srv", "stop_signal: SIGINT",
        "stop_signal: NOTHING", "stop_grace_period: 30s", "stop_grace_period: 90m",
        "logging: {driver: json-file, options: {max-size: 1m, max-file: \"2\"}}", "logging: {driver: local}",
        "logging: {driver: syslog, options: {syslog-address: \"udp://${SVC2_ADDRESS}:514\"}}",
        "logging: {driver: gelf}",
        "labels: {a: b}", "labels: {supamanager.project: x}", "extra_hosts: [\"a=10.0.0.1\"]",
        "extra_hosts: [\"a=host-gateway\"]", "configs: [conf]", "configs: [{source: conf, target: /c, mode: \"0400\"}]",
        "deploy: {resources: {limits: {cpus: 0.25, memory: 64m, pids: 50}}}",
        "deploy: {resources: {reservations: {cpus: 0.25}}}", "privileged: true", "container_name: fixed",
    ]
}

/// Draws of one seed (SplitMix64).
private struct Draw {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x5EED }

    /// From 0 to `maximum`.
    mutating func number(_ maximum: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((value ^ (value >> 31)) % UInt64(maximum + 1))
    }

    mutating func chance(_ oneIn: Int) -> Bool { number(oneIn - 1) == 0 }

    mutating func one(_ list: [String]) -> String { list[number(list.count - 1)] }

    /// Up to `mostly` of them with different keys.
    mutating func some(_ list: [String], mostly: Int) -> [String] {
        var keys: Set<String> = []
        var found: [String] = []
        for _ in 0..<number(mostly) {
            let body = one(list)
            let own = body.split(separator: "\n").map { line in
                String(line.trimmingPrefix(while: { $0 == " " }).prefix { $0 != ":" })
            }
            guard keys.isDisjoint(with: own) else { continue }
            keys.formUnion(own)
            found.append(body)
        }
        return found
    }
}
