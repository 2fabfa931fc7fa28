import ComposeTemplates
import Foundation
import Testing

@Suite struct TemplateCommandsTests {
    private static let template = """
        x-supamanager:
          ports: [API_PORT]
          secrets: {KEY: {alphabet: hex, length: 16}}
          variables: {LEVEL: {default: info}}
        services:
          a:
            image: i
            ports: ["${BIND_ADDRESS}:${API_PORT}:80"]
            environment: {KEY: "${KEY:?}", LEVEL: $LEVEL, OTHER: $OTHER}
          b: {image: i, profiles: [more]}
        """

    /// Checks a text as `t.yaml` in a folder of its own.
    private func check(_ text: String, shownName: String = "t.yaml") throws -> TemplateCommands.Report {
        let folder = FileManager.default.temporaryDirectory.appending(path: "check-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(text.utf8).write(to: folder.appending(path: "t.yaml"))
        return TemplateCommands.check(folder: folder.path, fileName: "t.yaml", shownName: shownName)
    }

    @Test func aGoodTemplateIsSummarised() throws {
        let report = try check(Self.template)
        #expect(report.isSuccess)
        #expect(report.text == "t.yaml: ok, 2 services (1 in profiles), 1 networks, 0 volumes, 0 configs\n")
        #expect(
            report.notes
                == "warning: t.yaml:9:58: services.a.environment.OTHER: OTHER is not set and stands for an empty text\n"
        )
    }

    @Test func aBadTemplateIsReportedLineByLine() throws {
        let text = "services:\n  a:\n    image: i\n    privileged: true\n    pid: host\n"
        let report = try check(text)
        #expect(!report.isSuccess)
        #expect(report.text.isEmpty)
        #expect(
            report.notes == """
                t.yaml:4:5: services.a.privileged: full rights on the host end all isolation
                t.yaml:5:5: services.a.pid: "host" shows the service processes outside of its container

                """)
        let cyclic = "x-supamanager: {variables: {A: {default: $A}}}\nservices: {}\n"
        #expect(
            try check(cyclic, shownName: "t").notes
                == "t: x-supamanager: A: its default uses itself: A -> A\n")
    }

    @Test func configPrintsBothForms() throws {
        let envFile = (name: "e.env", text: "API_PORT=8000\nKEY=fromfile\nBIND_ADDRESS=127.0.0.1\nOTHER=\n")
        let yaml = TemplateCommands.config(
            text: Self.template, fileName: "t.yaml", envFile: envFile, environment: ["KEY": "outer"], projectName: "p")
        #expect(yaml.isSuccess)
        #expect(yaml.text.contains("KEY: outer\n"))
        #expect(yaml.text.contains("LEVEL: info\n"))
        #expect(yaml.text.contains("published: \"8000\"\n"))
        #expect(
            yaml.notes == "note: stand-ins take the place of PROJECT_NAME, PROJECT_REF, PUBLIC_URL, SUBNET\n")
        let json = TemplateCommands.config(
            text: Self.template, fileName: "t.yaml", envFile: envFile, projectName: "p", profiles: ["more"],
            format: .json)
        guard case .object(let project) = try JSONValue(text: json.text),
            case .object(let services)? = project["services"]
        else {
            Issue.record("not the form of a project: \(json)")
            return
        }
        #expect(services.keys.sorted() == ["a", "b"])
    }

    @Test func configShowsWhatThePolicyRefusesAndSaysSo() {
        let text = "name: n\nservices:\n  a: {image: i, pid: host}\n"
        let report = TemplateCommands.config(text: text, fileName: "t.yaml")
        #expect(report.isSuccess)
        #expect(report.text.contains("pid: host"))
        #expect(report.notes.hasPrefix("warning: t.yaml:3:17: services.a.pid:"))
    }

    @Test func configReportsBadFiles() {
        let bad = TemplateCommands.config(text: "services: {a: {}}", fileName: "t.yaml", projectName: "p")
        #expect(!bad.isSuccess)
        #expect(bad.notes == "t.yaml:1:12: services.a: needs an image\n")
        let env = TemplateCommands.config(text: "services: {}", fileName: "t", envFile: (name: "e", text: "A='x"))
        #expect(env.notes == "e:1: the quote is never closed\n")
        let missing = TemplateCommands.config(
            text: "services: {a: {image: i, environment: {KEY: \"${KEY:?}\"}}}", fileName: "t.yaml", projectName: "p")
        #expect(missing.notes.contains("services.a.environment.KEY: required variable KEY is missing a value"))
    }

    @Test func configNeedsNothingForATemplateOfTheManager() {
        let report = TemplateCommands.config(text: Self.template, fileName: "t.yaml", folderName: "_My Shop.2")
        #expect(report.isSuccess, "\(report.notes)")
        #expect(report.text.hasPrefix("name: myshop2\n"))
        #expect(report.notes.contains("note: stand-ins take the place of API_PORT, BIND_ADDRESS, KEY, PROJECT_NAME"))
        #expect(
            TemplateCommands.config(text: "name: own\nservices: {}", fileName: "t", folderName: "x").text.hasPrefix(
                "name: own\n"))
        #expect(!TemplateCommands.config(text: "services: {}", fileName: "t", folderName: "...").isSuccess)
    }
}
