/** The most common passwords of ten characters and more (shorter ones are refused for their length), in lower case. */
export const commonPasswords: ReadonlySet<string> = new Set(
  `1234567890 12345678910 123456789a 1234567891 123456789q 0123456789 0987654321 9876543210
  1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc qazwsxedcrfv qwertyuiop qwertyuiop123 qwerty12345 qwerty123456
  qwerty1234567890 q1w2e3r4t5 q1w2e3r4t5y6 zxcvbnm123 asdfghjkl1 asdfghjkl123 1234qwerasdf 123qweasdzxc
  password10 password11 password12 password123 password1234 password12345 password123456 password2020
  password2021 password2022 password2023 password2024 password2025 password2026 passwordpassword
  mypassword mypassword1 newpassword password01 p4ssw0rd123 passw0rd123 passw0rd1234 pa55word123
  administrator admin12345 admin123456 adminadmin adminadmin1 administrator1 root123456 welcome123
  welcome1234 welcome12345 welcome2024 welcome2025 letmein123 letmein1234 letmeinnow changeme123
  changeme1234 changemenow iloveyou12 iloveyou123 iloveyou1234 iloveyouso iloveyou2 iloveyouforever
  sunshine12 sunshine123 princess12 princess123 princess1234 football12 football123 football1234
  baseball12 baseball123 basketball basketball1 superman12 superman123 batman1234 dragon1234 monkey1234
  monkey12345 master1234 shadow1234 michael123 charlie123 jordan2323 jennifer12 jessica123 samantha123
  daniel1234 andrew1234 anthony123 christopher elizabeth1 alexander1 liverpool1 liverpoolfc manchester
  chelsea123 arsenal123 barcelona1 realmadrid startrek12 starwars12 starwars123 starwars1234 pokemon123
  pokemon1234 minecraft1 minecraft123 fortnite123 computer12 computer123 internet12 internet123 trustno1234
  qwertyqwerty asdfasdfasdf asdfghasdfgh abcabcabcabc abcd123456 abcde12345 abcdef1234 abcdefg123
  abcdefghij abc1234567 abc123456789 a123456789 aa123456789 a1b2c3d4e5 a1b2c3d4e5f6 1a2b3c4d5e 11223344556
  1122334455 112233445566 111222333444 1111111111 2222222222 5555555555 6666666666 7777777777 8888888888
  9999999999 0000000000 1212121212 1231231231 123123123123 1234512345 123456123456 1234567899 147258369
  1472583690 7894561230 741852963 7418529630 159357456 1593574560 3141592653 31415926535 2718281828
  secret1234 secret12345 topsecret1 topsecret123 testtest12 testtest123 testpassword test123456 test12345678
  tester1234 guest12345 login12345 hello12345 hello123456 helloworld helloworld1 hellohello whatever12
  whatever123 nothing123 freedom123 summer2023 summer2024 summer2025 winter2023 winter2024 winter2025
  spring2024 spring2025 autumn2024 autumn2025 correcthorsebatterystaple correcthorse newscience
  newscience1 newscience123 newscience2024 newscience2025 newscience2026 sciencenews science123`.split(
    /\s+/,
  ),
);
