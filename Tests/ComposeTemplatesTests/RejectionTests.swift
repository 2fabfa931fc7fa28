import ComposeTemplates
import Testing

/// Files that are rejected, with the exact place, key path and message.
@Suite struct RejectionTests {
    @Test(arguments: [
        ("", ["compose.yaml:1:1: empty compose file"]),
        ("- a\n", ["compose.yaml:1:1: top-level object must be a mapping, not a list"]),
        ("a: [\n", ["compose.yaml:2:1: while parsing a flow node: did not find expected node content"]),
        ("services: [a]\n", ["compose.yaml:1:11: services: must be a mapping, not a list"]),
        ("services: {}\nservice: {}\n", ["compose.yaml:2:1: service: unknown key; did you mean services?"]),
        (
            "services: {}\n123: {}\n",
            [
                "compose.yaml:2:1: non-string key at top level: 123", "compose.yaml:2:1: 123: unknown key",
            ]
        ),
        (
            "services: {}\nsecrets: {}\n",
            [
                "compose.yaml:2:1: secrets: not supported: declare generated secrets in x-supamanager.secrets and pass them as variables"
            ]
        ),
        ("services:\n  a: image\n", ["compose.yaml:2:6: services.a: must be a mapping, not a string"]),
        (
            "services:\n  a b: {}\n",
            [
                "compose.yaml:2:3: services.a b: a service's name has letters, digits, \".\", \"-\" and \"_\" only"
            ]
        ),
        ("services:\n  a: {user: x}\n", ["compose.yaml:2:3: services.a: needs an image"]),
        (
            "services:\n  a: {image: i, depends_on: {b: {condition: ready}}}\n  b: {image: i}\n",
            [
                "compose.yaml:2:45: services.a.depends_on.b.condition: must be one of service_started, service_healthy, service_completed_successfully, not \"ready\""
            ]
        ),
        (
            "services:\n  a: {image: i, depends_on: {b: {required: false}}}\n  b: {image: i}\n",
            [
                "compose.yaml:2:30: services.a.depends_on.b: needs a condition"
            ]
        ),
        (
            "services:\n  a: {image: i, depends_on: [b]}\n  b: {image: i, profiles: [p, q]}\n",
            [
                "compose.yaml:2:30: services.a.depends_on.b: a needs b, which is only there with the profile p or q"
            ]
        ),
        (
            "services:\n  a: {image: i, network_mode: none, networks: [n]}\nnetworks: {n: }\n",
            [
                "compose.yaml:2:17: services.a.network_mode: network_mode and networks exclude each other"
            ]
        ),
        (
            "services:\n  a: {image: i, mem_limit: 1m, deploy: {resources: {limits: {memory: 2m}}}}\n",
            [
                "compose.yaml:2:17: services.a.mem_limit: deploy.resources says something else"
            ]
        ),
        (
            "networks: {n: {external: {name: x}, name: y}}\n",
            ["compose.yaml:1:27: networks.n.external.name: name and external.name conflict; only use name"]
        ),
        (
            "volumes: {v: {external: true, driver_opts: {a: b}}}\n",
            [
                "compose.yaml:1:31: volumes.v.driver_opts: conflicts with external: what exists already cannot be configured"
            ]
        ),
        (
            "networks: {n: {ipam: {config: [{subnet: 10.0.0.0}]}}}\n",
            [
                "compose.yaml:1:41: networks.n.ipam.config[0].subnet: must be a subnet such as 10.123.0.0/27, not \"10.0.0.0\""
            ]
        ),
        ("volumes: {v: local}\n", ["compose.yaml:1:14: volumes.v: must be a mapping or null, not a string"]),
        ("configs: {c: {}}\n", ["compose.yaml:1:11: configs.c: needs exactly one of file, content and environment"]),
        (
            "configs: {c: {file: f, content: c}}\n",
            [
                "compose.yaml:1:11: configs.c: needs exactly one of file, content and environment"
            ]
        ),
        (
            "configs: {c: {external: true}}\n",
            [
                "compose.yaml:1:15: configs.c.external: not supported: there is no swarm that could keep it"
            ]
        ),
    ])
    func filesAreRejected(text: String, expected: [String]) {
        #expect(problems(text, policy: .unrestricted) == expected)
    }

    /// Keys below a service that starts at line 4, column 5.
    @Test(arguments: [
        ("build: .", "4:5: services.a.build: not supported: images are pulled, never built"),
        ("Image: x", "4:5: services.a.Image: unknown key; did you mean image?"),
        ("imgae: x", "4:5: services.a.imgae: unknown key; did you mean image?"),
        ("user: 1000", "4:11: services.a.user: must be a string, not the integer 1000"),
        ("user: \"\"", "4:11: services.a.user: must not be empty"),
        ("init: maybe", "4:11: services.a.init: must be true or false, not \"maybe\""),
        ("command: a && b", "4:14: services.a.command: no shell runs this text: quote \"&\", or write [sh, -c, \"…\"]"),
        ("command: a 'b", "4:14: services.a.command: a quote or a backslash is left open"),
        ("command: {a: b}", "4:14: services.a.command: must be a list, not a mapping"),
        (
            "environment: {A: [1]}",
            "4:22: services.a.environment.A: must be a boolean, null, number or string, not a list"
        ),
        (
            "environment: {A: 1.10}",
            "4:22: services.a.environment.A: 1.10 is a number that can be written in more than one way; put it in quotes"
        ),
        (
            "environment: {A: 0755}",
            "4:22: services.a.environment.A: 0755 is a number that can be written in more than one way; put it in quotes"
        ),
        ("environment: [=x]", "4:19: services.a.environment[0]: must be NAME=value or NAME, not \"=x\""),
        ("environment: [A=1, A=2]", "4:24: services.a.environment[1]: A is there twice"),
        ("env_file: none.env", "4:15: services.a.env_file: there is no file none.env"),
        ("env_file: ../x.env", "4:15: services.a.env_file: \"../x.env\" must be a relative path without .."),
        ("env_file: bad.env", "4:15: services.a.env_file: bad.env:2: the quote is never closed"),
        ("ports: [\"0\"]", "4:13: services.a.ports[0]: \"0\" is not a port from 1 to 65535"),
        ("ports: [\"70000:80\"]", "4:13: services.a.ports[0]: \"70000\" is not a port from 1 to 65535"),
        ("ports: [\"1-3:80-81\"]", "4:13: services.a.ports[0]: \"1-3:80-81\" maps 3 ports to 2"),
        ("ports: [\"5-4\"]", "4:13: services.a.ports[0]: the range \"5-4\" runs backwards"),
        ("ports: [\"1-65535\"]", "4:13: services.a.ports[0]: \"1-65535\" is more than 1000 ports"),
        (
            "ports: [\"host:1:2\"]",
            "4:13: services.a.ports[0]: \"host:1:2\" is not [address:][host:]container[/protocol]"
        ),
        ("ports: [\"80/icmp\"]", "4:13: services.a.ports[0]: \"icmp\" is not one of tcp, udp, sctp"),
        ("ports: [{published: 1}]", "4:13: services.a.ports[0]: needs a target: the port in the container"),
        ("ports: [{target: 1, app_protocol: http}]", "4:25: services.a.ports[0].app_protocol: not supported"),
        (
            "volumes: [/data]",
            "4:15: services.a.volumes[0]: not supported: an anonymous volume is lost from sight; give it a name"
        ),
        (
            "volumes: [\"a:/b:ro:x\"]",
            "4:15: services.a.volumes[0]: \"a:/b:ro:x\" is not source:target or source:target:options"
        ),
        (
            "volumes: [\"./a:/b:z\"]",
            "4:15: services.a.volumes[0]: \"./a:/b:z\" has a mount option that is not supported; use ro, rw or nocopy"
        ),
        (
            "volumes: [{type: npipe, target: /x}]",
            "4:22: services.a.volumes[0].type: mounts of type \"npipe\" are not supported; use bind, volume or tmpfs"
        ),
        (
            "volumes: [{type: tmpfs, target: /x, tmpfs: {size: -1}}]",
            "4:55: services.a.volumes[0].tmpfs.size: must be greater than or equal to 0"
        ),
        (
            "volumes: [{type: tmpfs, target: /x, bind: {}}]",
            "4:41: services.a.volumes[0].bind: does not belong to a mount of type tmpfs"
        ),
        ("volumes: [\"none:/x\"]", "4:15: services.a.volumes[0]: there is no volume none under volumes"),
        ("networks: [none]", "4:16: services.a.networks.none: there is no network none under networks"),
        (
            "networks: {default: {ipv4_address: 10.0.0.256}}",
            "4:40: services.a.networks.default.ipv4_address: must be an IPv4 address, not \"10.0.0.256\""
        ),
        (
            "networks: {default: {ipv6_address: \"::1\"}}",
            "4:26: services.a.networks.default.ipv6_address: not supported"
        ),
        ("configs: [none]", "4:15: services.a.configs[0]: there is no config none under configs"),
        ("depends_on: [none]", "4:18: services.a.depends_on.none: there is no service none"),
        ("depends_on: [a]", "4:18: services.a.depends_on.a: dependency cycle detected: a -> a"),
        (
            "healthcheck: {test: [curl, x]}",
            "4:26: services.a.healthcheck.test[0]: the first element must be NONE, CMD or CMD-SHELL, not \"curl\""
        ),
        (
            "healthcheck: {interval: 5}",
            "4:29: services.a.healthcheck.interval: must be a duration such as 10s or 1m30s, not the integer 5"
        ),
        (
            "restart: sometimes",
            "4:14: services.a.restart: must be \"no\", always, unless-stopped, on-failure or on-failure:N, not \"sometimes\""
        ),
        ("mem_limit: 5x", "4:16: services.a.mem_limit: must be a size such as 512m or 2gb, not \"5x\""),
        (
            "deploy: {replicas: 2}",
            "4:14: services.a.deploy.replicas: not supported: there is no swarm; only deploy.resources is carried out"
        ),
        ("ulimits: {nofile: {soft: 1}}", "4:23: services.a.ulimits.nofile: needs soft and hard"),
        ("extra_hosts: [nohost]", "4:19: services.a.extra_hosts[0]: must be name=address, not \"nohost\""),
        ("extra_hosts: [\"h:nowhere\"]", "4:19: services.a.extra_hosts[0]: \"h:nowhere\" gives no IP address"),
        ("volumes: [\"./a:/x\", \"./b:/x/\"]", "4:25: services.a.volumes[1]: volumes[0] is mounted at the same path"),
        ("mem_limit: ${SECRET}", "4:16: services.a.mem_limit: must be a size such as 512m or 2gb, not \"${SECRET}\""),
        (
            "restart: ${SECRET}",
            "4:14: services.a.restart: must be \"no\", always, unless-stopped, on-failure or on-failure:N, not \"${SECRET}\""
        ),
        (
            "ports: [\"$SECRET:1\"]",
            "4:13: services.a.ports[0]: \"$SECRET:1\" gives no [address:][host:]container[/protocol]"
        ),
        (
            "environment: [\"=$SECRET\"]",
            "4:19: services.a.environment[0]: must be NAME=value or NAME, not \"=$SECRET\""
        ),
        ("ports: [1-600, 1001-1600]", "4:12: services.a.ports: more than 1000 ports"),
        (
            "hostname: ${",
            "4:15: services.a.hostname: \"${\" is not a valid substitution; write $$ for a $ that stands for itself"
        ),
        ("hostname: ${H:?set H}", "4:15: services.a.hostname: required variable H is missing a value: set H"),
    ])
    func servicesAreRejected(body: String, expected: String) {
        let text = "services:\n  a:\n    image: i\n    \(body)\n"
        let found = problems(
            text, environment: ["SECRET": "hunter2"], files: ["bad.env": "A=1\nB=\"x"], policy: .unrestricted)
        #expect(found.first == "compose.yaml:" + expected)
        #expect(found.count == 1)
    }

    @Test func oneRunFindsEverythingInTheOrderOfTheText() {
        let text = """
            services:
              a:
                image: 5
                bild: x
                ports: [x]
                depends_on: [b, c]
              c:
                image: i
                depends_on:
                  a: {condition: service_started}
            netwoks: {}
            """
        #expect(
            problems(text) == [
                "compose.yaml:2:3: services.a: needs an image",
                "compose.yaml:3:12: services.a.image: must be a string, not the integer 5",
                "compose.yaml:4:5: services.a.bild: unknown key",
                "compose.yaml:5:13: services.a.ports[0]: \"x\" is not a port from 1 to 65535",
                "compose.yaml:6:18: services.a.depends_on.b: there is no service b",
                "compose.yaml:6:21: services.a.depends_on.c: dependency cycle detected: a -> c -> a",
                "compose.yaml:11:1: netwoks: unknown key; did you mean networks?",
            ])
    }

    @Test func theListOfProblemsIsBounded() throws {
        let keys = (0..<200).map { "    key\($0): x\n" }.joined()
        #expect {
            try load("services:\n  a:\n    image: i\n\(keys)")
        } throws: { error in
            guard let rejection = error as? TemplateRejection else { return false }
            return rejection.problems.count == 50 && rejection.unlisted == 150
                && rejection.description.hasSuffix("and 150 more")
        }
    }

    @Test func theNumberOfServicesIsBounded() {
        func file(_ count: Int) -> String {
            "services:\n" + (0..<count).map { "  s\($0): {image: i, depends_on: [s\($0 + 1)]}\n" }.joined()
                + "  s\(count): {image: i}\n"
        }
        #expect(problems(file(ComposeProject.maximumServices - 1), policy: .unrestricted).isEmpty)
        #expect(
            problems(file(ComposeProject.maximumServices), policy: .unrestricted) == [
                "compose.yaml:2:3: services: 257 services, more than the allowed 256"
            ])
    }

    @Test(arguments: ["", "_x", "A", "a b", "ä"])
    func projectNamesHaveOneForm(name: String) {
        #expect(throws: TemplateRejection.self) { try load("services: {}", name: name) }
        #expect(throws: TemplateRejection.self) { try load("name: \"\(name)\"\nservices: {}", name: nil) }
    }

    @Test func servicesDoNotClaimTheSame() {
        let text = """
            services:
              a: {image: i, ports: ["127.0.0.1:8000:80"], networks: {default: {ipv4_address: 10.0.0.5}}}
              b: {image: i, ports: ["127.0.0.1:8000:81"], networks: {default: {ipv4_address: 10.0.0.5}}}
            """
        #expect(
            problems(text, policy: .unrestricted) == [
                "compose.yaml:3:25: services.b.ports[0]: 127.0.0.1:8000/tcp is already published by a",
                "compose.yaml:3:68: services.b.networks.default.ipv4_address: 10.0.0.5 already belongs to a",
            ])
    }
}
