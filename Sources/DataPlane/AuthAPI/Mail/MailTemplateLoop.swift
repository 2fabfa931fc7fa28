/// Fetches the templates that are given as addresses. Until one has come, its mails have the standard text; while its
/// server is away, the text that came last.
public struct MailTemplateLoop: Sendable {
    /// Time between two fetches.
    public static let interval: Duration = .seconds(600)
    private static let timeout: Duration = .seconds(10)

    private let service: AuthService
    private let addresses: [MailKind: String]
    private let report: @Sendable (String) -> Void

    /// A loop.
    ///
    /// - Parameter report: takes what operators must know of failures.
    public init(
        service: AuthService, configuration: MailConfiguration, report: @escaping @Sendable (String) -> Void
    ) {
        self.service = service
        addresses = configuration.templateAddresses
        self.report = report
    }

    /// Fetches until the task is cancelled; ends at once where there is nothing to fetch.
    public func run() async {
        while !addresses.isEmpty, !Task.isCancelled {
            await fetchAll()
            do { try await Task.sleep(for: Self.interval) } catch { return }
        }
    }

    func fetchAll() async {
        for (kind, address) in addresses where !Task.isCancelled {
            do throws(OutboundFailure) {
                service.keepTemplate(try await fetched(address), of: kind)
            } catch { report("the template of \(kind.rawValue) mails could not be fetched: \(error)") }
        }
    }

    private func fetched(_ address: String) async throws(OutboundFailure) -> String {
        guard let http = service.http else { throw .unreachable("there is no HTTP client") }
        let answer = try await http.send(
            OutboundRequest(
                method: "GET", url: address, timeout: Self.timeout, responseBytesMax: MailTemplate.bytesMax))
        guard answer.status == 200, let text = String(validating: answer.body, as: UTF8.self) else {
            throw .unreachable("status \(answer.status), or no text")
        }
        do throws(MailTemplate.Failure) { _ = try MailTemplate(text) } catch { throw .unreachable(error.reason) }
        return text
    }
}
