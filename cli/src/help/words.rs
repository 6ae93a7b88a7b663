//! The words of the help in Russian, by the English that stands beside the arguments.

/// English, Russian.
pub(super) const WORDS: &[(&str, &str)] = &[
    (
        "A file that is sent as the body",
        "Файл, который шлётся телом",
    ),
    ("A file; stdout without one", "Файл; без него stdout"),
    ("A parameter: NAME=VALUE", "Параметр: ИМЯ=ЗНАЧЕНИЕ"),
    (
        "A scenario's load and the numbers it needs",
        "Нагрузка сценария и сколько ему нужно номеров",
    ),
    ("A source without a visit", "Источник без визита"),
    (
        "Add or replace a scenario by a document",
        "Добавить или заменить сценарий документом",
    ),
    (
        "Address of the Worker, as https://calls.example.com",
        "Адрес Worker, например https://calls.example.com",
    ),
    (
        "All keys with the day of their last use",
        "Все ключи и день последнего обращения",
    ),
    ("All of them, oldest first", "Все, от старых к новым"),
    ("All profiles, keys left out", "Все профили, без ключей"),
    ("All scenarios", "Все сценарии"),
    (
        "All sites of the edge (the deployer's token)",
        "Все сайты установки (ключ её владельца)",
    ),
    (
        "All versions, newest first",
        "Все версии, от новых к старым",
    ),
    (
        "Any operation of the API by its name or address",
        "Любая операция API по имени или адресу",
    ),
    (
        "Area code of local numbers",
        "Код города для местных номеров",
    ),
    ("As CSV", "В виде CSV"),
    ("Ask nothing", "Ни о чём не спрашивать"),
    ("Before this instant", "До этого момента"),
    (
        "Bind a number to a source in a static scenario",
        "Закрепить номер за источником в статическом сценарии",
    ),
    ("Bring a document into force", "Ввести документ в действие"),
    (
        "Bring an older version into force",
        "Вернуть в действие прежнюю версию",
    ),
    ("Bring the outcome into force", "Ввести итог в действие"),
    (
        "Calls as a file: calls.csv, calls.jsonl, metrica.csv, google.csv",
        "Звонки файлом: calls.csv, calls.jsonl, metrica.csv, google.csv",
    ),
    (
        "Calls by source, campaign, keyword, landing, region, number or hour",
        "Звонки по источникам, кампаниям, словам, страницам входа, регионам, \
         номерам или часам",
    ),
    ("Calls that are no target calls too", "И нецелевые звонки"),
    ("Calls to this number only", "Только звонки на этот номер"),
    ("Calls, newest first", "Звонки, от новых к старым"),
    (
        "Calls: list, show, correct, judge anew, what could not be understood",
        "Звонки: список, один, исправить, рассудить заново, непонятые события",
    ),
    (
        "Change members of the configuration: name=Shop, /retention/visit_days=90",
        "Изменить поля конфигурации: name=Shop, /retention/visit_days=90",
    ),
    (
        "Change members: mask=\"8 (XXX) XXX-XX-XX\", enabled=false",
        "Изменить поля: mask=\"8 (XXX) XXX-XX-XX\", enabled=false",
    ),
    ("City or area", "Город или область"),
    (
        "Compare the stock with its sites",
        "Сверить запас с его сайтами",
    ),
    (
        "Country code of numbers without +",
        "Код страны для номеров без +",
    ),
    (
        "Create a site of a configuration (the deployer's token)",
        "Создать сайт по конфигурации (ключ владельца установки)",
    ),
    (
        "Day of connection, 2026-01-31",
        "День подключения, 2026-01-31",
    ),
    ("Delete it without a copy", "Удалить без копии"),
    (
        "Delete the site and everything of it (the deployer's token)",
        "Удалить сайт и всё, что в нём (ключ владельца установки)",
    ),
    ("Draw no progress", "Не рисовать ход работы"),
    (
        "End quarantine, or switch on again",
        "Снять карантин или включить снова",
    ),
    (
        "Enter numbers, in any writing: \"8 (495) 123-45-67, +7 812 …\"",
        "Внести номера в любой записи: «8 (495) 123-45-67, +7 812 …»",
    ),
    (
        "Events of providers that could not be understood",
        "События АТС, которых понять не удалось",
    ),
    (
        "Every fault of a document; nothing is changed",
        "Все ошибки документа; ничего не меняется",
    ),
    ("Every page", "Все страницы"),
    (
        "Everything an owner does with Ringlet, from a terminal",
        "Всё, что владелец делает с Ringlet, из терминала",
    ),
    (
        "Everything an owner does with Ringlet, from a terminal.\n\nExit codes: 0 \
         done, 1 a file of this machine, 2 wrong arguments, 3 not allowed, 4 not \
         found, 5 changed by somebody else, 6 refused for what it says or some of \
         it, 7 the edge failed or is out of reach, 8 a check found faults.",
        "Всё, что владелец делает с Ringlet, из терминала.\n\nКоды выхода: 0 \
         сделано, 1 файл этой машины, 2 неверные аргументы, 3 нельзя, 4 не \
         найдено, 5 изменено кем-то другим, 6 отказано за сказанное или часть \
         его, 7 сбой установки или она недоступна, 8 проверка нашла ошибки.",
    ),
    (
        "Everything of the site as JSON Lines",
        "Весь сайт в виде JSON Lines",
    ),
    (
        "Export it to this file first",
        "Сначала выгрузить в этот файл",
    ),
    ("First day, 2026-01-31", "Первый день, 2026-01-31"),
    (
        "First day, 2026-01-31; six days ago without one",
        "Первый день, 2026-01-31; без него шесть дней назад",
    ),
    ("Forget a profile", "Забыть профиль"),
    (
        "From this instant on, Unix milliseconds or 2026-01-31T10:00:00Z",
        "С этого момента, миллисекунды Unix или 2026-01-31T10:00:00Z",
    ),
    (
        "Have the pool begin with this table; one without classes takes back what was put",
        "Начать пул с этой таблицы; таблица без классов убирает прежнюю",
    ),
    (
        "Have the site's pools take and give back shared numbers now",
        "Пулам сайта сейчас же взять и вернуть общие номера",
    ),
    (
        "He is told the source before the caller is put through",
        "Ему называют источник до соединения",
    ),
    (
        "How long a scenario's callers take to call; -o keeps the table, --put brings one",
        "Через сколько звонят посетители сценария; -o сохраняет таблицу, --put вносит",
    ),
    (
        "How many numbers a site needs, before it has any",
        "Сколько номеров нужно сайту, у которого их ещё нет",
    ),
    (
        "IANA name; the site's own without one",
        "Имя IANA; без него пояс сайта",
    ),
    (
        "Instant, Unix milliseconds or 2026-01-31T10:00:00Z; now without one",
        "Момент, миллисекунды Unix или 2026-01-31T10:00:00Z; без него сейчас",
    ),
    (
        "Judge a period anew by what was learnt since; changes nothing without --apply",
        "Рассудить период заново по тому, что узнано с тех пор; без --apply \
         ничего не меняет",
    ),
    (
        "Keep --url, --key and --site under a name",
        "Запомнить --url, --key и --site под именем",
    ),
    ("Keys of the stock", "Ключи запаса"),
    (
        "Keys: list, create, revoke",
        "Ключи: список, создать, отозвать",
    ),
    ("Last day, included", "Последний день, включительно"),
    (
        "Lend numbers no more until their calls are explained",
        "Не выдавать номера, пока их звонки не объяснены",
    ),
    (
        "Look again every so many seconds until ended",
        "Смотреть снова каждые столько секунд, пока не прервут",
    ),
    (
        "MEMBER=VALUE: a name or a JSON pointer, and JSON or plain text",
        "ПОЛЕ=ЗНАЧЕНИЕ: имя или указатель JSON, и JSON или простой текст",
    ),
    (
        "Make a key; its token is shown once",
        "Создать ключ; показывается один раз",
    ),
    (
        "Make a number a scenario's reserve",
        "Сделать номер резервным для сценария",
    ),
    (
        "Name of a profile with address, key and site",
        "Имя профиля с адресом, ключом и сайтом",
    ),
    (
        "Names of the path after the site, in order",
        "Имена из адреса после сайта, по порядку",
    ),
    ("No visitor's call", "Звонок не от посетителя"),
    (
        "Numbers in any writing; `-` reads them from stdin",
        "Номера в любой записи; `-` читает их из stdin",
    ),
    ("Numbers there are", "Сколько номеров есть"),
    (
        "Numbers: list, add, assign, bind, reserve, forward, quarantine, replace, remove",
        "Номера: список, внести, назначить, закрепить, в резерв, переадресовать, \
         в карантин, заменить, убрать",
    ),
    (
        "Of google.csv: the conversion's name",
        "Для google.csv: имя конверсии",
    ),
    (
        "Of metrica.csv: client_id, user_id or yclid",
        "Для metrica.csv: client_id, user_id или yclid",
    ),
    ("Of this receiver only", "Только этого получателя"),
    (
        "One call with all its candidates",
        "Один звонок со всеми кандидатами",
    ),
    ("One of its candidates", "Один из кандидатов"),
    (
        "One scenario as the configuration has it",
        "Один сценарий, как он в конфигурации",
    ),
    ("One site's summary", "Один сайт вкратце"),
    (
        "Only if this version is in force",
        "Только если действует эта версия",
    ),
    (
        "Open the configuration in $VISUAL or $EDITOR and put what comes back",
        "Открыть конфигурацию в $VISUAL или $EDITOR и записать, что вышло",
    ),
    ("Print help", "Показать справку"),
    (
        "Print help (see a summary with '-h')",
        "Показать справку (кратко: -h)",
    ),
    (
        "Print help (see more with '--help')",
        "Показать справку (подробно: --help)",
    ),
    (
        "Print the API's JSON instead of tables",
        "Печатать JSON из API вместо таблиц",
    ),
    (
        "Print this message or the help of the given subcommand(s)",
        "Показать эту справку или справку команды",
    ),
    ("Print version", "Показать версию"),
    ("Printed or spoken only", "Только в печати или на слух"),
    (
        "Profiles: addresses and keys kept on this machine",
        "Профили: адреса и ключи на этой машине",
    ),
    (
        "Put a whole site back from its export (the deployer's token)",
        "Вернуть целый сайт из выгрузки (ключ владельца установки)",
    ),
    (
        "Put another number in a number's place",
        "Поставить другой номер на место номера",
    ),
    (
        "Put numbers into a pool, out of any other",
        "Перенести номера в пул из любого другого",
    ),
    (
        "Put numbers into it, in any writing",
        "Положить в него номера, в любой записи",
    ),
    ("Put them into this pool", "В этот пул"),
    ("Read such an event again", "Прочесть такое событие снова"),
    (
        "Remove a scenario; its pool stays",
        "Убрать сценарий; его пул останется",
    ),
    ("Revoke a key", "Отозвать ключ"),
    (
        "Rows of a page, at most 200",
        "Строк на странице, не больше 200",
    ),
    (
        "Say by hand whose call it was",
        "Указать вручную, чей это звонок",
    ),
    (
        "Say where calls to numbers go: a telephone number, a SIP address, an extension",
        "Указать, куда идут звонки на номера: телефон, адрес SIP, добавочный",
    ),
    (
        "Say which sites share it, all of them (the deployer's token makes a stock)",
        "Назвать все сайты, которые его делят (запас создаёт ключ владельца установки)",
    ),
    (
        "Scenarios: list, show, put, switch, priority, delete",
        "Сценарии: список, один, записать, включить, приоритет, удалить",
    ),
    ("Seconds of activity a visit", "Секунд активности за визит"),
    (
        "Send again what was given up: one delivery, or `all` of the receiver",
        "Отправить снова брошенное: одну доставку или `all` получателя",
    ),
    (
        "Share of calls to credit to the right visit, 0.5 to 0.99",
        "Доля звонков, засчитанных верному визиту, от 0.5 до 0.99",
    ),
    (
        "Sites: create, list, show, change, export, import, delete",
        "Сайты: создать, список, один, изменить, выгрузить, загрузить, удалить",
    ),
    (
        "Stocks of numbers that several sites share",
        "Запасы номеров, общие для нескольких сайтов",
    ),
    ("Switch numbers off", "Отключить номера"),
    ("Switch off; history stays", "Выключить; история останется"),
    ("Switch on", "Включить"),
    (
        "Take numbers out of it; a lent one leaves when its site gives it back",
        "Забрать из него номера; выданный уйдёт, когда сайт его вернёт",
    ),
    ("Take numbers out of the site", "Убрать номера с сайта"),
    (
        "Take numbers out of their scenarios; they stay the site's",
        "Убрать номера из сценариев; у сайта они останутся",
    ),
    (
        "The ETag of the version to replace",
        "ETag версии, которую заменить",
    ),
    ("The attribution model", "Модель атрибуции"),
    (
        "The audit log, newest first",
        "Журнал действий, от новых к старым",
    ),
    (
        "The configuration in force, or an older version",
        "Действующая конфигурация или прежняя версия",
    ),
    (
        "The configuration: read, check, put, compare, versions",
        "Конфигурация: прочесть, проверить, записать, сравнить, версии",
    ),
    (
        "The cursor that the page before ended with",
        "Курсор, которым кончилась прошлая страница",
    ),
    (
        "The deployer's token, or a key of the site",
        "Ключ владельца установки или ключ сайта",
    ),
    (
        "The fixed hold the owner is used to, in seconds",
        "Привычное владельцу время удержания, в секундах",
    ),
    (
        "The operation as openapi.json names it; without one all are listed",
        "Операция, как она названа в openapi.json; без неё список всех",
    ),
    ("The profile file", "Файл профилей"),
    ("The site", "Сайт"),
    (
        "The sites that share it, and where its numbers are",
        "Какие сайты его делят и где его номера",
    ),
    (
        "The stock's audit log, newest first",
        "Журнал действий запаса, от новых к старым",
    ),
    ("The table of numbers", "Таблица номеров"),
    (
        "The version to compare with; the one before without it",
        "Версия, с которой сравнить; без неё предыдущая",
    ),
    ("They are rented", "Они арендованы"),
    (
        "To this SIP address: sip:sales@pbx.example",
        "На этот адрес SIP: sip:sales@pbx.example",
    ),
    (
        "To this telephone number, in any writing",
        "На этот телефон, в любой записи",
    ),
    (
        "Use it where no profile is named",
        "Брать его, когда профиль не назван",
    ),
    ("Verify the stored state", "Проверить, цело ли хранимое"),
    (
        "Visits a day that ask for a number",
        "Визитов в день, которым нужен номер",
    ),
    (
        "Visits of the busiest hour over the mean hour",
        "Визиты самого занятого часа к среднему часу",
    ),
    (
        "What a document would change, or what a version changed",
        "Что изменит документ или что изменила версия",
    ),
    (
        "What another system's scenarios become here, and what has no counterpart",
        "Чем станут сценарии другой системы и чему нет соответствия",
    ),
    (
        "What happened to calls, in order",
        "Что было со звонками, по порядку",
    ),
    (
        "What is on its way to the site's receivers, and what they did not take",
        "Что в пути к получателям сайта и чего они не приняли",
    ),
    ("What the pools do now", "Что делают пулы сейчас"),
    ("What to say of the version", "Что сказать о версии"),
    ("Where their scenario says", "Куда говорит их сценарий"),
    ("Whether the edge is there", "На месте ли установка"),
    (
        "Which scenario wins where several claim the same elements",
        "Какой сценарий важнее, когда на элемент претендуют несколько",
    ),
    (
        "Which sites came and went, newest first (the deployer's token)",
        "Какие сайты появились и ушли, от новых к старым (ключ владельца установки)",
    ),
    ("Who held a number", "Кто держал номер"),
    ("Who says so", "Кто так говорит"),
    (
        "Who should take them, by the exchange's own name for him",
        "Кому их принять, по имени в самой АТС",
    ),
    ("Why", "Почему"),
    ("Write down what changes", "Записать, что меняется"),
    ("Write the outcome to a file", "Записать итог в файл"),
    (
        "Write the table to a file; `-` is stdout",
        "Записать таблицу в файл; `-` это stdout",
    ),
    (
        "calls.csv, calls.jsonl, metrica.csv or google.csv",
        "calls.csv, calls.jsonl, metrica.csv или google.csv",
    ),
    (
        "source, campaign, keyword, landing, region, number or hour",
        "source, campaign, keyword, landing, region, number или hour",
    ),
    ("waiting or dead", "waiting или dead"),
];
