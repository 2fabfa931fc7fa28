import CCurl
import Dispatch
import Glibc

/// Sends mails by SMTP (RFC 5321) on libcurl, one connection for each.
///
/// Port 465 is TLS from the first byte; on other ports the session has to go over to TLS. On this host it does where
/// the server offers it, and so it does elsewhere where plain text is allowed and no password is sent.
public final class SMTPClient: Sendable {
    /// A mail server.
    public struct Server: Sendable {
        /// Name or address.
        public var host: String
        /// The port.
        public var port: Int
        /// Who logs in; nil where the server needs no login.
        public var user: String?
        /// The password.
        public var password: String?

        /// Whether mails may go in plain text over the network.
        public var allowsPlainText: Bool

        /// Which addresses the server may have; nil for all.
        public var addressRule: AddressRule?

        /// A server.
        public init(
            host: String, port: Int, user: String?, password: String?, allowsPlainText: Bool = false,
            addressRule: AddressRule? = nil
        ) {
            self.host = host
            self.port = port
            self.user = user
            self.password = password
            self.allowsPlainText = allowsPlainText
            self.addressRule = addressRule
        }

        /// Whether nothing is sent without TLS: mails carry codes, by which users sign in.
        package var needsTLS: Bool {
            guard !["localhost", "127.0.0.1", "::1"].contains(host) else { return false }
            return password != nil || !allowsPlainText
        }
    }

    /// Longest time for a connection.
    public static let connectTimeout: Duration = .seconds(10)
    /// Longest time for a whole mail.
    public static let totalTimeout: Duration = .seconds(30)
    /// Largest mail, in bytes.
    public static let messageBytesMax = 10 << 20

    private let server: Server
    private let totalTimeout: Duration
    /// One mail after the other, on a thread that may block.
    private let thread = DispatchQueue(label: "SMTP client")

    /// A client.
    ///
    /// - Parameter totalTimeout: Longest time for a whole mail; whole seconds, at least one.
    public init(server: Server, totalTimeout: Duration = SMTPClient.totalTimeout) {
        self.server = server
        self.totalTimeout = totalTimeout
    }

    /// Hands a message over to the server.
    ///
    /// - Parameter message: head and body, lines end in CR LF.
    public func send(_ message: [UInt8], from sender: String, to recipient: String) async throws(SMTPError) {
        try await send(message, from: sender, toAll: [recipient])
    }

    /// Hands a message for several recipients over: to all of them, or to none.
    public func send(_ message: [UInt8], from sender: String, toAll recipients: [String]) async throws(SMTPError) {
        guard message.count <= Self.messageBytesMax else { throw SMTPError("the mail is too large") }
        guard !recipients.isEmpty, ([sender] + recipients).allSatisfy({ Self.isPlain($0) }) else {
            throw SMTPError("an address holds what no address may")
        }
        let result = await withCheckedContinuation { continuation in
            thread.async {
                let result = Result { () throws(SMTPError) in
                    try self.transfer(message, from: sender, to: recipients)
                }
                continuation.resume(returning: result)
            }
        }
        try result.get()
    }

    static func isPlain(_ address: String) -> Bool {
        !address.isEmpty && !address.unicodeScalars.contains { $0.value <= 0x20 || $0 == "<" || $0 == ">" }
    }

    /// The message on its way; belongs to the transfer's thread.
    fileprivate final class Upload {
        let bytes: [UInt8]
        let rule: AddressRule?
        var position = 0
        var isAddressRefused = false

        init(_ bytes: [UInt8], rule: AddressRule?) {
            self.bytes = bytes
            self.rule = rule
        }
    }

    private func transfer(
        _ message: [UInt8], from sender: String, to addresses: [String]
    ) throws(SMTPError) {
        guard let handle = curl_easy_init() else { throw SMTPError("out of memory") }
        defer { curl_easy_cleanup(handle) }
        var recipients: UnsafeMutablePointer<curl_slist>?
        defer { curl_slist_free_all(recipients) }
        for address in addresses {
            guard let longer = curl_slist_append(recipients, "<\(address)>") else { throw SMTPError("out of memory") }
            recipients = longer
        }
        let upload = Upload(message, rule: server.addressRule)
        let context = Unmanaged.passUnretained(upload).toOpaque()
        let isTLS = server.port == 465
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        var steps = [
            ccurl_easy_set_string(handle, CURLOPT_URL, "\(isTLS ? "smtps" : "smtp")://\(host):\(server.port)"),
            ccurl_easy_set_string(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps"),
            ccurl_easy_set_string(handle, CURLOPT_PROXY, ""),
            ccurl_easy_set_long(
                handle, CURLOPT_USE_SSL, server.needsTLS ? Int(CURLUSESSL_ALL.rawValue) : Int(CURLUSESSL_TRY.rawValue)),
            ccurl_easy_set_string(handle, CURLOPT_MAIL_FROM, "<\(sender)>"),
            ccurl_easy_set_list(handle, CURLOPT_MAIL_RCPT, recipients),
            ccurl_easy_set_long(handle, CURLOPT_UPLOAD, 1), ccurl_easy_set_long(handle, CURLOPT_NOSIGNAL, 1),
            ccurl_easy_set_long(handle, CURLOPT_CONNECTTIMEOUT, Int(Self.connectTimeout.components.seconds)),
            ccurl_easy_set_long(handle, CURLOPT_TIMEOUT, Int(max(totalTimeout.components.seconds, 1))),
            ccurl_easy_set_data_callback(handle, CURLOPT_READFUNCTION, readCallback),
            ccurl_easy_set_pointer(handle, CURLOPT_READDATA, context),
        ]
        if server.addressRule != nil {
            steps.append(ccurl_easy_set_open_callback(handle, CURLOPT_OPENSOCKETFUNCTION, openCallback))
            steps.append(ccurl_easy_set_pointer(handle, CURLOPT_OPENSOCKETDATA, context))
        }
        if let user = server.user { steps.append(ccurl_easy_set_string(handle, CURLOPT_USERNAME, user)) }
        if let password = server.password { steps.append(ccurl_easy_set_string(handle, CURLOPT_PASSWORD, password)) }
        guard steps.allSatisfy({ $0 == CURLE_OK }) else { throw SMTPError("libcurl refuses an option") }
        let status = withExtendedLifetime(upload) { curl_easy_perform(handle) }
        guard status == CURLE_OK else {
            var code = 0
            _ = ccurl_easy_get_long(handle, CURLINFO_RESPONSE_CODE, &code)
            if upload.isAddressRefused { throw SMTPError("the server's address is not allowed") }
            let reason = String(cString: curl_easy_strerror(status))
            throw SMTPError(code > 0 ? "the server answered \(code): \(reason)" : reason, code: code > 0 ? code : nil)
        }
    }
}

/// Why a mail was not taken. No address and no part of the mail is in it.
public struct SMTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The reason.
    public var description: String
    /// The server's last answer; nil where it gave none.
    public var code: Int?

    init(_ description: String, code: Int? = nil) {
        self.description = description
        self.code = code
    }
}

// Runs inside `curl_easy_perform`, whose caller keeps the upload alive.
private let readCallback: ccurl_data_callback = { buffer, size, count, context in
    guard let context, let buffer else { return 0 }
    let upload = Unmanaged<SMTPClient.Upload>.fromOpaque(context).takeUnretainedValue()
    let length = min(size * count, upload.bytes.count - upload.position)
    guard length > 0 else { return 0 }
    upload.bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return }
        memcpy(buffer, base + upload.position, length)
    }
    upload.position += length
    return length
}

// The same holds for this one.
private let openCallback: ccurl_open_callback = { context, _, address in
    guard let context, let address else { return CURL_SOCKET_BAD }
    let upload = Unmanaged<SMTPClient.Upload>.fromOpaque(context).takeUnretainedValue()
    guard let socket = upload.rule?.open(address) else {
        upload.isAddressRefused = true
        return CURL_SOCKET_BAD
    }
    return socket
}
