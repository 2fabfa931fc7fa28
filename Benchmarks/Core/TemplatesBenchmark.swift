import ArgumentParser
import CYAML
import ComposeTemplates
import FoundationEssentials
import Orchestrator
import ProjectModel

/// The full template: parsed, and rendered for a project, beside libyaml's own parse of the same bytes.
struct TemplatesBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "templates", abstract: "Parse and render the template beside libyaml's own parse.")

    @Option(help: "Folder of the template.")
    var template = "Templates/supabase"

    @OptionGroup var options: Rounds

    func run() throws {
        let path = template + "/compose.yaml"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("there is no readable \(path)")
        }
        let bytes = Array(data)
        let parsed = try StackTemplate(folder: template)
        let renderer = ComposeStackRenderer(
            template: parsed,
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: nil, projectsFolder: "/projects"))
        let record = try sampleRecord(renderer)
        let values = ProjectValues(secrets: try sampleSecrets(renderer))
        let found = try medians(
            options.rounds, repeats: 10,
            [
                ("libyaml", { guard countEvents(bytes) > 0 else { throw ValidationError("\(path) does not parse") } }),
                ("read", { _ = try StackTemplate(folder: template) }),
                ("render", { _ = try renderer.render(record, values: values) }),
            ])
        try Figures(
            benchmark: "templates", rounds: options.rounds,
            microseconds: [
                "libyaml parses the file": found[0], "read and check": found[1], "render a project": found[2],
            ],
            ratios: ["read / libyaml": found[1] / found[0], "render / libyaml": found[2] / found[0]]
        ).show(json: options.json)
    }

    private func sampleRecord(_ renderer: ComposeStackRenderer) throws -> ProjectRecord {
        let needs = try renderer.requirements(services: nil)
        guard let ref = ProjectRef("abcdefghijklmnopqrst"), let subnet = IPv4Network("10.201.0.64/27") else {
            throw ValidationError("the sample project is not valid")
        }
        let ports = Dictionary(uniqueKeysWithValues: zip(needs.ports, UInt16(50_000)...))
        let now = Timestamp(milliseconds: 0)
        return ProjectRecord(
            number: 1, ref: ref, name: try ProjectName("sample"), organizationSlug: "default", region: "local",
            cloudProvider: "AWS", status: .provisioning, services: needs.services,
            leases: Leases(ports: ports, subnet: subnet), insertedAt: now, updatedAt: now, statusChangedAt: now)
    }

    private func sampleSecrets(_ renderer: ComposeStackRenderer) throws -> [String: Secret<String>] {
        let needs = try renderer.requirements(services: nil)
        let names = needs.secrets.map { ($0.name, $0.length) } + needs.tokens.map { ($0.name, 160) }
        return Dictionary(uniqueKeysWithValues: names.map { ($0, Secret(String(repeating: "x", count: $1))) })
    }

    /// Events that libyaml finds in the text; 0 when it finds a mistake.
    private func countEvents(_ bytes: [UInt8]) -> Int {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { return 0 }
        defer { yaml_parser_delete(&parser) }
        return bytes.withUnsafeBufferPointer { text in
            yaml_parser_set_input_string(&parser, text.baseAddress, text.count)
            var count = 0
            while true {
                var event = yaml_event_t()
                guard yaml_parser_parse(&parser, &event) == 1 else { return 0 }
                let isLast = event.type == YAML_STREAM_END_EVENT
                yaml_event_delete(&event)
                count += 1
                if isLast { return count }
            }
        }
    }
}
