import ComposeTemplates
import ProjectModel
import Testing

/// Options whose meaning other options change: only whole combinations that are known to be harmless pass.
@Suite("A template's reach") struct HostReachTests {
    private static let environment = ["SUBNET": "10.201.0.64/27", "VECTOR_ADDRESS": "10.201.0.66"]

    private func isAccepted(_ text: String) -> Bool {
        do {
            _ = try load(text, environment: Self.environment, policy: .standard)
            return true
        } catch { return false }
    }

    private func volume(_ options: String) -> Bool {
        isAccepted("services: {a: {image: i, volumes: [\"v:/v\"]}}\nvolumes: {v: {driver_opts: \(options)}}\n")
    }

    @Test(
        "driver options make a volume in memory or none at all",
        arguments: [
            "{}", "{type: tmpfs, device: tmpfs}",
            "{type: tmpfs, device: tmpfs, o: \"size=64m,mode=1770,uid=70,gid=70\"}",
            "{type: tmpfs, device: tmpfs, o: size=1048576}",
        ])
    func harmlessVolumes(options: String) { #expect(volume(options)) }

    @Test(
        "every other combination of driver options is refused",
        arguments: [
            // The kind that went through: the type says memory, the option makes a bind of a folder of the host.
            "{type: tmpfs, device: /srv, o: bind}", "{type: tmpfs, device: tmpfs, o: bind}",
            "{type: tmpfs, device: tmpfs, o: \"size=1m,rbind\"}", "{type: tmpfs, device: tmpfs, o: remount}",
            "{type: tmpfs, device: tmpfs, o: \"\"}", "{type: tmpfs, device: tmpfs, o: \"size=1m,,bind\"}",
            "{type: tmpfs, device: tmpfs, o: \"uid=+1\"}", "{type: tmpfs, device: tmpfs, o: \"size=64mb\"}",
            "{type: tmpfs, device: tmpfs, o: \"size=9223372036854775807g\"}",
            "{type: tmpfs, device: tmpfs, o: \"mode=99999999999999999999\"}", "{type: tmpfs, device: /etc}",
            "{type: tmpfs}", "{device: tmpfs}", "{o: size=1m}", "{o: bind, device: /etc}",
            "{type: none, device: /etc, o: bind}",
            "{type: nfs, device: \":/x\", o: \"addr=10.0.0.1\"}", "{type: ext4, device: /dev/sda1}",
            "{type: overlay, device: overlay, o: \"lowerdir=/\"}", "{type: proc, device: proc}",
            "{type: cifs, device: \"//h/s\", o: \"addr=h\"}", "{type: tmpfs, device: tmpfs, size: 10g}",
            "{Type: tmpfs, device: tmpfs}",
        ])
    func otherVolumes(options: String) { #expect(!volume(options)) }

    private func logging(_ text: String) -> Bool {
        isAccepted("services: {a: {image: i, logging: \(text)}}\n")
    }

    @Test(
        "logs stay with the engine, or go to a service of the project",
        arguments: [
            "{driver: json-file, options: {max-size: 10m, max-file: \"3\"}}", "{driver: local}", "{driver: none}",
            "{driver: syslog, options: {syslog-address: \"udp://${VECTOR_ADDRESS}:9514\", syslog-format: rfc5424}}",
            "{driver: syslog, options: {syslog-address: \"tcp://10.201.0.70:514\", tag: x, cache-max-size: 10m}}",
        ])
    func harmlessLogging(text: String) { #expect(logging(text)) }

    @Test(
        "every other driver, option and address is refused",
        arguments: [
            "{driver: fluentd, options: {fluentd-address: \"10.201.0.66:24224\"}}", "{driver: gelf}",
            "{driver: awslogs}",
            "{driver: splunk}", "{driver: journald}", "{options: {max-size: 10m}}", "{driver: none, options: {tag: x}}",
            "{driver: json-file, options: {env: PASSWORD}}", "{driver: syslog}",
            "{driver: syslog, options: {syslog-address: \"udp://10.201.0.96:514\"}}",
            "{driver: syslog, options: {syslog-address: \"udp://10.201.0.64:514\"}}",
            "{driver: syslog, options: {syslog-address: \"udp://169.254.169.254:80\"}}",
            "{driver: syslog, options: {syslog-address: \"unix:///var/run/docker.sock\"}}",
            "{driver: syslog, options: {syslog-address: \"udp://vector:514\"}}",
            "{driver: syslog, options: {syslog-address: \"udp://10.201.0.66:99999\"}}",
            "{driver: syslog, options: {syslog-address: \"udp://10.201.0.66:514@evil:1\"}}",
            "{driver: syslog, options: {syslog-address: \"tcp+tls://10.201.0.66:514\", syslog-tls-ca-cert: /etc/shadow}}",
        ])
    func otherLogging(text: String) { #expect(!logging(text)) }

    @Test("what services log to without the collector is checked as well")
    func fallback() {
        let text = """
            x-supamanager:
              log-collector: {service: a, fallback: {driver: gelf, options: {gelf-address: "udp://10.0.0.1:1"}}}
            services: {a: {image: i}}

            """
        let found = problems(text, environment: Self.environment)
        #expect(
            found.count == 1 && found.first?.contains("x-supamanager.log-collector.fallback.driver: ") == true,
            "\(found)")
    }

    @Test(
        "a bind is for reading, and no name leads to the host",
        arguments: [
            "volumes: [\"./conf:/c\"]", "volumes: [{type: bind, source: ./conf, target: /c}]",
            "extra_hosts: [\"up=host-gateway\"]", "network_mode: none", "ipc: shareable",
            "security_opt: [\"no-new-privileges:false\"]",
        ])
    func refused(body: String) { #expect(!isAccepted("services:\n  a:\n    image: i\n    \(body)\n")) }

    @Test(
        "host ports are leased ones, at the manager's address, once each",
        arguments: [
            ("[\"${P}:80\"]", true), ("[\"${BIND_ADDRESS}:${P}:80\"]", true), ("[\"${P}:80\", \"${P}:80/udp\"]", true),
            ("[\"3000\"]", false), ("[\"8080:80\"]", false), ("[\"8000-8002:80\"]", false),
            ("[\"127.0.0.2:${P}:80\"]", false), ("[\"${BIND_ADDRESS}:${P}:80\", \"127.0.0.2:${P}:81\"]", false),
            ("[\"${P}:80\", \"${P}:81\"]", false), ("[\"${LEVEL}:80\"]", false),
        ])
    func ports(list: String, isFine: Bool) {
        let text = "x-supamanager: {ports: [P]}\nservices: {a: {image: i, ports: \(list)}}\n"
        let found = problems(text, environment: ["P": "54320", "LEVEL": "3", "BIND_ADDRESS": "127.0.0.1"])
        #expect(found.isEmpty == isFine, "\(found)")
    }

    @Test(
        "an image has a name that an engine can read",
        arguments: [
            ("postgres", true), ("postgres:17.6", true), ("registry.example.com:5000/a/b_c:1", true),
            ("Registry.Example.com/a:1", true), ("a@sha256:\(String(repeating: "0", count: 64))", true),
            ("Postgres:17", false), ("a/B", false), ("a:", false), ("a:b:c", false), ("a b", false), ("/a", false),
            ("a/", false), ("a@sha256:0", false), ("a:\(String(repeating: "t", count: 129))", false), ("-a", false),
        ])
    func images(name: String, isFine: Bool) {
        #expect(isAccepted("services: {a: {image: \"\(name)\"}}\n") == isFine)
    }
}
