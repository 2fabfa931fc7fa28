extension ServeCommand {
    /// What `projectd serve --help` says about settings.
    static let help = """
        Without --only, all services are behind one address (PROJECTD_LISTEN, 0.0.0.0:8000): /auth/v1, /rest/v1, \
        where STORAGE_FILE_BACKEND_PATH names a folder /storage/v1, where REALTIME_DB_URI is set /realtime/v1, and where \
        PROJECTD_FUNCTIONS_URL (http://HOST:PORT) names the server that runs functions /functions/v1. They take the project's keys (SUPABASE_ANON_KEY, SUPABASE_SERVICE_ROLE_KEY; also \
        SUPABASE_PUBLISHABLE_KEY and SUPABASE_SECRET_KEY, one or several separated by commas, which stand for \
        them, and alone are taken with PROJECTD_LEGACY_KEYS=false) as header apikey, query parameter apikey or \
        bearer token; /health says that the server runs, /ready that it can answer requests. With --only, one \
        service is served without prefix and key, as a replacement of PostgREST, GoTrue, storage-api or Realtime.

        SIGUSR1 reloads the schema, as does NOTIFY on PGRST_DB_CHANNEL. SIGHUP reads the keys of tokens again where \
        GOTRUE_JWT_KEYS or a secret (PGRST_JWT_SECRET, AUTH_JWT_SECRET, API_JWT_SECRET) is @FILE: add a key for \
        checking, then let it sign, then take the old one away. `/live` and `/ready` are also served on \
        PGRST_ADMIN_SERVER_PORT if it is set. PROJECTD_BODY_TIMEOUT is the time limit for a request body in \
        seconds (60), PROJECTD_BODY_BYTES_MAX the size limit of one that REST takes (16777216), \
        PROJECTD_BODIES_BYTES_MAX the limit of all that are in memory at once (33554432); parsed they take a \
        multiple. PROJECTD_ANSWER_BYTES_MAX is the size limit of an answer of the database (33554432), \
        PROJECTD_ANSWERS_BYTES_MAX that of all together until clients have them (67108864); while one comes in it \
        takes three times of its size. They hold before the answer is received where the database's address says \
        sslmode=disable or names a socket, else afterwards. PROJECTD_TRUSTED_PROXIES lists addresses of proxies, separated by commas: their X-Forwarded-For \
        names the client, and they may open more than the 128 connections allowed for one address. \
        PROJECTD_SMTP_PLAINTEXT=true lets mails go to another host without TLS. PGRST_DB_POOL_MAX_LIFETIME is the \
        maximum lifetime of a database connection in seconds (1800), PGRST_DB_POOL_MAX_IDLETIME the time for which \
        one is kept unused (30).

        Realtime takes API_JWT_SECRET (or PGRST_JWT_SECRET), DB_POOL_SIZE (5) and its limits as \
        TENANT_MAX_CONCURRENT_USERS (200), TENANT_MAX_EVENTS_PER_SECOND (100), TENANT_MAX_JOINS_PER_SECOND (100), \
        TENANT_MAX_CHANNELS_PER_CLIENT (100), TENANT_MAX_PRESENCE_EVENTS_PER_SECOND (1000), \
        TENANT_MAX_PAYLOAD_SIZE_IN_KB (3000), TENANT_PRIVATE_ONLY (false); PROJECTD_SOCKET_BYTES_MAX (8388608) is \
        the limit of bytes that wait for one client, PROJECTD_SOCKETS_BYTES_MAX (33554432) that of all which \
        unfinished messages and waiting ones hold, PROJECTD_SOCKET_IDLE_SECONDS (60) the longest silence of one, \
        PROJECTD_PRESENCE_CALLS_MAX (5) the limit of one channel's presence calls in 30 s.

        Storage transforms images where PROJECTD_IMAGE_LIBRARY (/usr/local/lib/libvips.so.42) is there, unless \
        IMAGE_TRANSFORMATION_ENABLED is false: in a process of PROJECTD_IMAGE_MEMORY_MIB (128) and \
        PROJECTD_IMAGE_SECONDS (10) for each, and keeps PROJECTD_IMAGE_CACHE_BYTES_MAX (67108864) of them.

        With --only functions what lies in PROJECTD_FUNCTIONS_FOLDER is run by PROJECTD_DENO (/usr/local/bin/deno), \
        a process for each function; PROJECTD_FUNCTIONS_WORK_FOLDER (/tmp/functions) is for that alone. Tokens are \
        checked with PROJECTD_FUNCTIONS_JWT_SECRET, functions that were put there by hand too unless \
        PROJECTD_FUNCTIONS_VERIFY_JWT is false. They may connect to PROJECTD_FUNCTIONS_NET (host:port, separated by \
        commas), and see the rest of the environment: names without PROJECTD_ are no settings here. Limits are \
        PROJECTD_FUNCTIONS_MEMORY_MIB (150), _CPU_SECONDS of a request (2), _ANSWER_SECONDS (150), _BOOT_SECONDS (10), \
        _IDLE_SECONDS (60), _AGE_SECONDS (400), _REQUESTS_MAX of one function (100) and _PROCESSES_MAX (8).
        """
}
