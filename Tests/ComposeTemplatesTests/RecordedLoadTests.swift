import ComposeTemplates
import Testing

/// Every recorded load of the reference implementation: equal where all keys are supported, refused with the
/// unsupported key where not, an error where that one fails too. Nothing is skipped.
@Suite(.enabled(if: SharedData.exists("compose-loads.json"))) struct RecordedLoadTests {
    struct Cases: Decodable {
        var cases: [Case]
    }

    struct Case: Decodable {
        var test: String
        var name: String
        var env: [String: String]
        var content: String
        var project: JSONValue?
        var error: String?
        var skipsNormalization: Bool?

        enum CodingKeys: String, CodingKey {
            case test, name, env, content, project, error
            case skipsNormalization = "skip_normalization"
        }
    }

    /// Three recordings were made with a choice of services that the record does not name; it shows in what is left.
    static let choices: [String: Set<String>] = [
        "TestWithSelectedServicesOption.func3": ["web", "api"], "TestWithSelectedServicesOption.func4": ["debug"],
        "TestWithoutUnnecessaryResourcesOption.func1": ["web"],
    ]

    enum Outcome: Hashable {
        case equal
        case unsupported
        case failedAsRecorded
    }

    @Test func everyRecordedLoadComesOutAsRecorded() throws {
        let cases = try SharedData.decode(Cases.self, from: "compose-loads.json").cases
        var counts: [Outcome: Int] = [:]
        for (index, recorded) in cases.enumerated() {
            let label = "case \(index) \(recorded.test)"
            guard let outcome = try outcome(of: recorded, label) else { continue }
            counts[outcome, default: 0] += 1
        }
        #expect(counts.values.reduce(0, +) == cases.count)
        #expect(cases.count == 179)
        #expect(counts[.failedAsRecorded] == 23)
        #expect(counts[.equal] == 73)
        #expect(counts[.unsupported] == 83)
    }

    private func outcome(of recorded: Case, _ label: String) throws -> Outcome? {
        let choice = Self.choices[recorded.test]
        var options = ComposeLoader.Options(
            projectName: recorded.name, environment: recorded.env, profiles: choice == nil ? [] : ["*"])
        options.policy = .unrestricted
        options.normalizes = recorded.skipsNormalization != true
        do {
            var project = try ComposeLoader.load(text: recorded.content, fileName: "f.yaml", options: options).project
            if let choice { project = try project.selecting(services: choice) }
            guard let expected = recorded.project else {
                Issue.record("\(label) must fail: \(recorded.error ?? "")")
                return nil
            }
            let json = project.json()
            #expect(try JSONValue(text: json) == expected, "\(label):\n\(json)\n\(expected.text)")
            return .equal
        } catch let rejection as TemplateRejection {
            if recorded.error != nil { return .failedAsRecorded }
            guard let problem = rejection.problems.first(where: { $0.kind == .unsupported || $0.kind == .syntax })
            else {
                Issue.record("\(label) fails, but not for an unsupported key: \(rejection)")
                return nil
            }
            #expect(problem.mark != nil, "\(label)")
            if problem.kind == .syntax { #expect(problem.reason.contains("second document"), "\(label): \(rejection)") }
            return .unsupported
        }
    }
}
