import AuthAPI
import CurlKit
import Logging
import ServiceLifecycle

/// Makes the schema `auth` at the start; then sends the mails that wait, and cleans up.
struct AuthLoop: ServiceLifecycle.Service {
    let service: AuthService
    let mail: MailConfiguration?
    /// Whether anonymous users go after 30 days.
    let takesUsers: Bool
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await SchemaMigration(schema: "auth", logger: logger).run { try await service.migrate() }
            await withTaskGroup(of: Void.self) { group in
                if let mail {
                    group.addTask { await send(mail) }
                    group.addTask { await fetchTemplates(mail) }
                }
                group.addTask { await cleanUp() }
            }
        }
    }

    private func send(_ mail: MailConfiguration) async {
        let client = SMTPClient(
            server: .init(
                host: mail.host, port: mail.port, user: mail.user, password: mail.password,
                allowsPlainText: mail.allowsPlainText))
        await MailLoop(service: service, configuration: mail, sender: MailServer(client: client)) { [logger] in
            logger.warning("\($0)")
        }.run()
    }

    private func fetchTemplates(_ mail: MailConfiguration) async {
        await MailTemplateLoop(service: service, configuration: mail) { [logger] in logger.warning("\($0)") }.run()
    }

    private func cleanUp() async {
        let cleanup = AuthCleanup(service: service, takesUsers: takesUsers)
        while !Task.isCancelled {
            do {
                try await cleanup.round()
            } catch {
                logger.warning("old rows of the schema auth could not be taken away", metadata: ["why": "\(error)"])
            }
            do { try await Task.sleep(for: AuthCleanup.interval) } catch { return }
        }
    }
}

/// The mail server of the settings.
private struct MailServer: MailSender {
    let client: SMTPClient

    func send(_ message: String, from sender: String, to address: String) async throws {
        try await client.send(Array(message.utf8), from: sender, to: address)
    }
}
