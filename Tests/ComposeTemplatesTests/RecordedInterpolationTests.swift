import ComposeTemplates
import Testing
import YAMLKit

/// Every recorded case of the reference implementation's interpolation.
@Suite(.enabled(if: SharedData.exists("compose-cases.json"))) struct RecordedInterpolationTests {
    struct Cases: Decodable {
        var cases: [Case]
    }

    struct Case: Decodable {
        var id: String
        var kind: String
        var vars: [String: String]
        var input: JSONValue
        var expected: JSONValue?
        var error: String?
        var errorContains: String?
        var errorKind: String?
        var warnings: Int?

        enum CodingKeys: String, CodingKey {
            case id, kind, vars, input, expected, error, warnings
            case errorContains = "error_contains"
            case errorKind = "error_kind"
        }

        var mustFail: Bool { error != nil || errorContains != nil || errorKind != nil }
    }

    @Test func everyRecordedCaseComesOutAsRecorded() throws {
        let cases = try SharedData.decode(Cases.self, from: "compose-cases.json").cases
        #expect(!cases.isEmpty)
        var tried = 0
        for recorded in cases {
            switch (recorded.kind, recorded.input) {
            case ("substitute", .string(let template)): try checkSubstitution(recorded, template)
            case ("interpolate", .object): try checkTree(recorded)
            case ("variables", .object): try checkVariables(recorded)
            default: Issue.record("\(recorded.id): the kind \(recorded.kind) is unknown")
            }
            tried += 1
        }
        #expect(tried == cases.count)
    }

    private func checkSubstitution(_ recorded: Case, _ template: String) throws {
        do {
            let outcome = try Interpolation.substitute(template, variables: recorded.vars)
            #expect(!recorded.mustFail, "\(recorded.id) must fail")
            #expect(recorded.expected == .string(outcome.text), "\(recorded.id)")
            if let warnings = recorded.warnings { #expect(outcome.unset.count == warnings, "\(recorded.id)") }
        } catch {
            #expect(recorded.mustFail, "\(recorded.id): \(error)")
            if let text = recorded.error { #expect(error.description == text, "\(recorded.id)") }
            if recorded.errorKind == "MissingRequiredError" {
                guard case .missingVariable = error else {
                    Issue.record("\(recorded.id): \(error)")
                    return
                }
            }
        }
    }

    /// The tree is loaded as the services of a file; its options are those that every service may have.
    private func checkTree(_ recorded: Case) throws {
        let text = "services: \(recorded.input.text)\nvolumes: {bar: null}\n"
        var options = ComposeLoader.Options(projectName: "test", environment: recorded.vars)
        options.normalizes = false
        options.policy = .unrestricted
        do {
            let project = try ComposeLoader.load(text: text, fileName: "f.yaml", options: options).project
            let service = try #require(project.services["servicea"])
            #expect(!recorded.mustFail, "\(recorded.id) must fail")
            #expect(service.image == "example:jenny")
            #expect(service.volumes.map(\.source) == ["bar"])
            #expect(service.logging?.driver == "bar")
            #expect(service.logging?.options == ["user": "jenny"])
        } catch let error as TemplateRejection {
            #expect(recorded.mustFail, "\(recorded.id): \(error)")
            #expect(error.problems.map(\.kind) == [.interpolation])
            #expect(error.problems.first?.path == "services.servicea.image")
        }
    }

    private func checkVariables(_ recorded: Case) throws {
        let node = try #require(try YAMLParser.parse(recorded.input.text))
        guard case .object(let expected)? = recorded.expected else {
            Issue.record("\(recorded.id): no expectation")
            return
        }
        let found = try Interpolation.variables(in: node)
        #expect(Set(found.keys) == Set(expected.keys), "\(recorded.id)")
        for (name, fields) in expected {
            guard case .object(let fields) = fields, let variable = found[name] else { continue }
            #expect(.string(variable.defaultValue) == fields["DefaultValue"] ?? .string(""), "\(recorded.id)")
            #expect(.string(variable.presenceValue) == fields["PresenceValue"] ?? .string(""), "\(recorded.id)")
            #expect(.boolean(variable.isRequired) == fields["Required"] ?? .boolean(false), "\(recorded.id)")
        }
    }
}

extension JSONValue {
    /// The value as JSON text, which is YAML too.
    var text: String {
        switch self {
        case .null: "null"
        case .boolean(let flag): String(flag)
        case .number(let number): String(number)
        case .string(let text): JSONEmitter.emit(.string(text))
        case .array(let elements): "[" + elements.map(\.text).joined(separator: ", ") + "]"
        case .object(let fields):
            "{"
                + fields.sorted { $0.key < $1.key }
                .map { JSONEmitter.emit(.string($0.key)) + ": " + $0.value.text }.joined(separator: ", ") + "}"
        }
    }
}
