import CurlKit
import ManagementClient
import Testing

@Suite("Exit codes")
struct ExitStatusTests {
    @Test(
        "a status of the API has a code",
        arguments: [
            (400, 1), (401, 3), (403, 3), (404, 4), (409, 5), (410, 4), (422, 1), (429, 1), (500, 1), (502, 6),
            (503, 6), (504, 6), (507, 1), (301, 1),
        ])
    func refusals(_ status: Int, _ code: Int32) {
        let error = ClientError.refused(ClientError.Refusal(status: status, message: "no"))
        #expect(ExitStatus(error).rawValue == code)
        #expect(error.description.contains("\(status)"))
    }

    @Test("every other error has a code")
    func others() {
        let lost = HTTPTransportError(.connectionLost, target: "http://127.0.0.1")
        let errors: [(ClientError, Int32)] = [
            (.unreachable(lost), 6), (.signInRefused("no"), 3), (.notSignedIn(.standard), 3), (.notFound("no"), 4),
            (.invalid("no"), 64), (.credentials("no"), 1), (.failed("no"), 1), (.unexpected("no"), 1),
            (.notReached("no"), 7),
        ]
        for (error, code) in errors { #expect(ExitStatus(error).rawValue == code) }
    }

    @Test("the help lists every code once")
    func table() {
        let lines = ExitStatus.table.split(separator: "\n")
        #expect(lines.count == ExitStatus.allCases.count)
        for status in ExitStatus.allCases {
            #expect(lines.filter { $0.hasSuffix("\(status.rawValue)  \(status.meaning)") }.count == 1)
        }
        #expect(ExitStatus.allCases.map(\.rawValue) == [0, 1, 3, 4, 5, 6, 7, 64])
    }
}
