/** Of the program. Keep in step with package.json; a test compares them. */
export const version = '0.1.0';
