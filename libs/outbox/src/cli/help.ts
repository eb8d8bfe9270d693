export const HELP = `
Examples:
  npm run events -- tail --type "newscience.article.*" --since 10m
  npm run events -- lag
  npm run events -- dead list
  npm run events -- dead replay activity-service/12 --why "the disk has room again"
  npm run events -- dead discard activity-service/12 --why "a test of 2019"

Services: --service, then NEWSCIENCE_SERVICES (NAME=URL, comma-separated), then those of the site that runs here.
Credentials: NEWSCIENCE_TOKEN, or NEWSCIENCE_EMAIL and NEWSCIENCE_PASSWORD, or those of the site that runs here.
Exit codes: 0 done, 1 refused by the site, 2 wrong usage, 3 site not found or not reached, 4 not authorised.`;
