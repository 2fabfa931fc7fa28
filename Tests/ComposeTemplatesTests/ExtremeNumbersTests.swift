import Orchestrator
import Testing

@testable import ComposeTemplates

/// Numbers at and beyond the bounds, for every key that takes one: a template is refused or rendered, the manager
/// lives.
@Suite("Extreme numbers") struct ExtremeNumbersTests {
    private static let numbers = [
        "0", "-1", "1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615",
        "99999999999999999999999999", "1e18", "1e308", "1e999", "-1e999", "0.000000001", ".inf", "-.inf", ".nan",
        "9223372037", "4294967296", "65536", "0x7fffffffffffffff", "0o777777777777777777777", "", "~",
    ]
    private static let suffixes = ["", "k", "g", "p", "s", "w"]

    /// Bodies of a service with a place for a number.
    private static let bodies = [
        "mem_limit: X", "mem_reservation: X", "memswap_limit: X", "shm_size: X", "cpus: X", "cpu_shares: X",
        "pids_limit: X", "tmpfs: [\"/x:size=X\"]", "tmpfs: [\"/x:mode=X\"]", "tmpfs: \"/x:size=X\"",
        "volumes: [{type: tmpfs, target: /x, tmpfs: {size: X}}]",
        "volumes: [{type: tmpfs, target: /x, tmpfs: {mode: X}}]",
        "ulimits: {nofile: X}", "ulimits: {nofile: {soft: X, hard: X}}", "ulimits: {nofile: {soft: 1, hard: X}}",
        "stop_grace_period: X", "healthcheck: {test: [CMD, a], interval: X}",
        "healthcheck: {test: [CMD, a], start_period: X}", "healthcheck: {test: [CMD, a], retries: X}",
        "ports: [\"${P}:X\"]", "ports: [\"X:80\"]", "ports: [\"X-X:80\"]", "ports: [{target: X, published: \"${P}\"}]",
        "ports: [{target: 80, published: \"X\"}]", "expose: [\"X\"]", "expose: [\"1-X\"]", "expose: [X]",
        "restart: on-failure:X", "stop_signal: \"X\"", "user: \"X\"",
        "deploy: {resources: {limits: {cpus: X, memory: X, pids: X}}}",
        "deploy: {resources: {reservations: {memory: X}}}",
        "x-supamanager: {boot-seconds: X}", "x-supamanager: {probe: {tcp: {port: X}}}",
        "x-supamanager: {probe: {http: {port: X, path: /, status: X}}}",
        "networks: {default: {ipv4_address: 10.0.0.X}}",
        "configs: [{source: c, mode: X}]",
    ]

    /// Files with a place for a number elsewhere.
    private static let files = [
        "services: {a: {image: i}}\nnetworks: {default: {ipam: {config: [{subnet: \"10.201.0.64/X\"}]}}}",
        "services: {a: {image: i}}\nnetworks: {default: {ipam: {config: [{subnet: \"${SUBNET}\", ip_range: \"X.0.0.0/27\"}]}}}",
        "services: {a: {image: i, volumes: [\"v:/v\"]}}\nvolumes: {v: {driver_opts: {type: tmpfs, device: tmpfs, o: \"size=X\"}}}",
        "x-supamanager: {addresses: {A: X}}\nservices: {a: {image: i}}",
        "x-supamanager: {ranges: {A: {first: X, prefix: 28}}}\nservices: {a: {image: i}}",
        "x-supamanager: {ranges: {A: {first: 0, prefix: X}}}\nservices: {a: {image: i}}",
        "x-supamanager: {secrets: {A: {alphabet: hex, length: X}}}\nservices: {a: {image: i}}",
        "x-supamanager: {variables: {A: {default: X}}}\nservices: {a: {image: i, mem_limit: $A}}",
    ]

    @Test("a number of any size in any key ends in a stack or in an error", arguments: bodies)
    func services(body: String) {
        check { "x-supamanager: {ports: [P]}\nservices:\n  a:\n    image: i\n    \(body.replacing("X", with: $0))\n" }
    }

    @Test("the same for networks, volumes and what the template asks of the manager", arguments: files)
    func resources(file: String) { check { file.replacing("X", with: $0) + "\n" } }

    /// A trap would end the whole run: to return is to pass, and an error must be the renderer's own.
    private func check(_ text: (String) -> String) {
        for number in Self.numbers {
            for suffix in Self.suffixes {
                do {
                    _ = try Rendering.stack(text(number + suffix))
                } catch { #expect(error is TemplateError, "\(number + suffix): \(error)") }
            }
        }
    }

    @Test(
        "numbers that ended the manager are refused with a reason",
        arguments: [
            (
                "tmpfs: [\"/x:size=9223372036854775807g\"]",
                "services.a.tmpfs[0]: \"9223372036854775807g\" is not a size"
            ),
            ("cpus: 9223372037", "services.a.cpus: must be from 0.01 to 1024 processors"),
        ])
    func reported(body: String, word: String) {
        let found = problems("services:\n  a:\n    image: i\n    \(body)\n")
        #expect(found.count == 1 && found.first?.contains(word) == true, "\(found)")
    }
}
