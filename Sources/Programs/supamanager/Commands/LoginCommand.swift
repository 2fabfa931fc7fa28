import ArgumentParser
import FoundationEssentials
import ManagementClient
import ProjectModel

/// `supamanager login`
struct LoginCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "login",
        abstract: "Sign in to a Management API.",
        discussion: """
            Asks for e-mail address and password, creates a personal access token and stores the token, never the \
            password, in $XDG_CONFIG_HOME/supamanager/credentials.json (or ~/.config/…), readable by you alone. \
            With --token-stdin, an existing token is read from standard input instead.
            """)

    @OptionGroup var connection: ConnectionOptions

    @Option(help: "E-mail address of the account; asked for if absent.")
    var email: String?

    @Flag(help: "Read the password from standard input.")
    var passwordStdin = false

    @Flag(help: "Read an access token from standard input.")
    var tokenStdin = false

    func validate() throws {
        if tokenStdin && (passwordStdin || email != nil) {
            throw ValidationError("--token-stdin goes without --email and --password-stdin")
        }
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        // Both before anything is asked: a file that cannot be used would make the new token useless.
        let file = try CredentialsFile(environment: session.environment)
        var credentials = try file.load()
        warn(session)
        let new = try await tokenStdin ? givenToken(session) : newToken(session)
        let old = credentials.tokens[session.address]
        credentials.tokens[session.address] = new
        do throws(ClientError) {
            try file.save(credentials)
        } catch {
            await revoke(new, session)
            throw error
        }
        if let old, old.token != new.token { await revoke(old, session) }
        session.say("Signed in to \(session.address) as \(DisplayText.oneLine(new.email)).")
    }

    private func warn(_ session: ClientSession) {
        if session.address.isExposed {
            session.note("Warning: \(session.address) is not encrypted: others on the way can read what you send.")
        }
        if ClientSettings.tokenVariable(at: session.place, environment: session.environment) != nil {
            session.note(
                "Warning: \(ClientSettings.tokenVariable) is set: commands use that token and not this sign-in.")
        }
    }

    private func givenToken(_ session: ClientSession) async throws(ClientError) -> StoredToken {
        let token = try Secret.token(trimming: try session.terminal.readInput("access token").reveal())
        let profile = try await session.anonymousClient().presenting(token).profile()
        return StoredToken(token: token, id: nil, email: profile.email)
    }

    private func newToken(_ session: ClientSession) async throws(ClientError) -> StoredToken {
        guard passwordStdin || session.terminal.isTerminal(.input) else {
            throw .invalid("there is no terminal to ask for a password: use --password-stdin or --token-stdin")
        }
        var email = email ?? ""
        if email.isEmpty && !passwordStdin { email = try session.terminal.ask("E-mail: ") }
        guard !email.isEmpty else { throw .invalid("no e-mail address was given: use --email") }
        let password =
            try passwordStdin ? session.terminal.readInput("password") : session.terminal.askSecret("Password: ")
        let made = try await session.anonymousClient().signIn(
            email: email, password: password, tokenName: "supamanager CLI on \(Self.hostName)")
        return StoredToken(token: made.token, id: made.summary.id, email: email)
    }

    /// Tokens that the sign-in made end with it. Not worth failing for: `tokens revoke` can be tried again.
    private func revoke(_ token: StoredToken, _ session: ClientSession) async {
        guard let id = token.id else { return }
        do throws(ClientError) {
            try await session.anonymousClient().presenting(token.token).revokeAccessToken(id)
        } catch {
            if ExitStatus(error) == .notAllowed || ExitStatus(error) == .notFound { return }
            session.note("Warning: the access token \(id) could not be revoked: \(error)")
        }
    }

    /// Name of this machine, as far as it can go into a token's name.
    private static var hostName: String {
        let name = ProcessInfo.processInfo.hostName.prefix(64)
        return name.isEmpty ? "an unnamed machine" : DisplayText.oneLine(String(name))
    }
}

/// `supamanager logout`
struct LogoutCommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "Sign out: revoke the stored access token and forget it.",
        discussion: "A token from `login --token-stdin` is deleted here and stays valid elsewhere.")

    @OptionGroup var connection: ConnectionOptions

    func perform(_ session: ClientSession) async throws(ClientError) {
        let file = try CredentialsFile(environment: session.environment)
        var credentials = try file.load()
        guard let token = credentials.tokens.removeValue(forKey: session.address) else {
            throw .notSignedIn(session.address)
        }
        var problem: ClientError?
        if let id = token.id {
            do throws(ClientError) {
                try await session.anonymousClient().presenting(token.token).revokeAccessToken(id)
            } catch {
                // Revoked already, here or elsewhere: success.
                let isGone = ExitStatus(error) == .notAllowed || ExitStatus(error) == .notFound
                problem = isGone ? nil : error
            }
        }
        try file.save(credentials)
        if let problem {
            session.note("The access token is forgotten here, but could not be revoked: it may still be valid.")
            throw problem
        }
        session.say("Signed out of \(session.address).")
    }
}

/// `supamanager whoami`
struct WhoAmICommand: ClientCommand {
    static let configuration = CommandConfiguration(
        commandName: "whoami", abstract: "Show who is signed in, and where.")

    @OptionGroup var connection: ConnectionOptions
    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let api_url, id, email, username, token_source: String
    }

    func perform(_ session: ClientSession) async throws(ClientError) {
        let profile = try await session.client().profile()
        let isVariable = try session.settings().source == .environment
        if output.isJSON {
            let answer = Answer(
                api_url: session.address.text, id: profile.id, email: profile.email, username: profile.username,
                token_source: isVariable ? "environment" : "file")
            return try session.show(json: answer)
        }
        var fields = FieldList()
        fields.add("E-mail", profile.email, tint: .strong)
        fields.add("Username", profile.username)
        fields.add("API", session.address.text)
        fields.add("Token", isVariable ? "from \(ClientSettings.tokenVariable)" : "stored by `supamanager login`")
        session.show(fields)
    }
}
