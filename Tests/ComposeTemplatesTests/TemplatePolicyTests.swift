import ComposeTemplates
import Testing

/// What a template must not ask for, with place, key path and reason.
@Suite struct TemplatePolicyTests {
    @Test(arguments: [
        ("privileged: true", "4:5: services.a.privileged: full rights on the host end all isolation"),
        (
            "network_mode: host",
            "4:5: services.a.network_mode: \"host\" leaves the project's own network; leave it out"
        ),
        (
            "network_mode: container:x",
            "4:5: services.a.network_mode: \"container:x\" leaves the project's own network; leave it out"
        ),
        (
            "network_mode: bridge",
            "4:5: services.a.network_mode: \"bridge\" leaves the project's own network; leave it out"
        ),
        ("pid: host", "4:5: services.a.pid: \"host\" shows the service processes outside of its container"),
        ("ipc: host", "4:5: services.a.ipc: \"host\" shares memory outside of the container; leave it out"),
        ("container_name: x", "4:5: services.a.container_name: a second project would get the same name; leave it out"),
        ("devices: [/dev/sda]", "4:5: services.a.devices: not supported: a project gets no device of the host"),
        ("cap_add: [sys_admin]", "4:15: services.a.cap_add[0]: the capability sys_admin reaches beyond the container"),
        (
            "cap_add: [CHOWN, CAP_ALL]",
            "4:22: services.a.cap_add[1]: the capability CAP_ALL reaches beyond the container"
        ),
        (
            "security_opt: [\"seccomp=unconfined\"]",
            "4:20: services.a.security_opt[0]: \"seccomp=unconfined\" changes the container's confinement; only no-new-privileges is allowed"
        ),
        (
            "volumes: [\"/var/run/docker.sock:/s\"]",
            "4:15: services.a.volumes[0]: the engine's socket gives full rights on the host"
        ),
        (
            "volumes: [\"./docker.sock:/s\"]",
            "4:15: services.a.volumes[0]: the engine's socket gives full rights on the host"
        ),
        (
            "volumes: [\"/var//run/:/s\"]",
            "4:15: services.a.volumes[0]: \"/var//run/\" holds the engine's socket, which gives full rights on the host"
        ),
        (
            "volumes: [\"/run/x:/s\"]",
            "4:15: services.a.volumes[0]: \"/run/x\" holds the engine's socket, which gives full rights on the host"
        ),
        (
            "volumes: [\"/etc:/s\"]",
            "4:15: services.a.volumes[0]: \"/etc\" is outside the project folder; use a relative path without .., or a named volume"
        ),
        (
            "volumes: [\"./a/../../b:/s\"]",
            "4:15: services.a.volumes[0]: \"./a/../../b\" is outside the project folder; use a relative path without .., or a named volume"
        ),
        (
            "volumes: [\"~/x:/s\"]",
            "4:15: services.a.volumes[0]: \"~/x\" is outside the project folder; use a relative path without .., or a named volume"
        ),
        (
            "volumes: [{type: bind, source: \"${D}\", target: /s}]",
            "4:15: services.a.volumes[0]: \"/\" is outside the project folder; use a relative path without .., or a named volume"
        ),
        (
            "labels: {com.docker.compose.project: x}",
            "4:14: services.a.labels.com.docker.compose.project: the label belongs to the manager"
        ),
        (
            "labels: {supamanager.project: x}",
            "4:14: services.a.labels.supamanager.project: the label belongs to the manager"
        ),
    ])
    func aServiceThatReachesOutIsRefused(body: String, expected: String) throws {
        let text = "services:\n  a:\n    image: i\n    \(body)\n"
        #expect(problems(text, environment: ["D": "/"]) == ["compose.yaml:" + expected])
    }

    @Test(arguments: [
        (
            "volumes: {v: {external: true}}",
            "1:15: volumes.v.external: an external volume would not be deleted with the project"
        ),
        (
            "volumes: {v: {driver: nfs}}",
            "1:15: volumes.v.driver: nfs keeps data where the manager cannot see it; use local"
        ),
        (
            "volumes: {v: {driver_opts: {type: none, o: bind, device: /etc}}}",
            "1:29: volumes.v.driver_opts.type: the volume would be a path, a device or a server of the host's network; leave driver_opts out, or use type: tmpfs, device: tmpfs, and o"
        ),
        (
            "volumes: {v: {name: fixed}}",
            "1:15: volumes.v.name: a second project would get the same name; leave it out or start with ${COMPOSE_PROJECT_NAME}"
        ),
        (
            "networks: {n: {external: true}}",
            "1:16: networks.n.external: an external network would join two projects"
        ),
        (
            "networks: {n: {driver: host}}",
            "1:16: networks.n.driver: host reaches beyond the project; leave it out or use bridge"
        ),
        (
            "networks: {n: {name: fixed}}",
            "1:16: networks.n.name: a second project would get the same name; leave it out or start with ${COMPOSE_PROJECT_NAME}"
        ),
        ("configs: {c: {file: /etc/passwd}}", "1:15: configs.c.file: \"/etc/passwd\" is outside the project folder"),
    ])
    func aResourceThatReachesOutIsRefused(text: String, expected: String) {
        let found = problems(text + "\nservices: {}\n")
        #expect(found == ["compose.yaml:" + expected])
    }

    @Test func servicesOfInactiveProfilesAreCheckedToo() {
        let text = "services:\n  a: {image: i, privileged: true, profiles: [p]}\n"
        #expect(problems(text).count == 1)
    }

    @Test func harmlessThingsPass() throws {
        let body = """
            privileged: false
            ipc: private
            cap_add: [NET_BIND_SERVICE, CAP_CHOWN]
            volumes: ["./conf:/c:ro", "data:/var/run"]
            """
        let rest = "volumes: {data: {name: \"${COMPOSE_PROJECT_NAME}_data\", driver: local}}\n"
        #expect(try service(body, rest: rest, policy: .standard).privileged == false)
    }

    @Test func withoutAPolicyTheFileIsShownAsItIs() throws {
        let service = try service("privileged: true\npid: host\nvolumes: [\"/etc:/s\"]", policy: .unrestricted)
        #expect(service.privileged == true)
        #expect(service.volumes.first?.source == "/etc")
    }
}
